import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { App } from "@slack/bolt";
import { WebClient } from "@slack/web-api";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startLoopbackServer } from "../support/loopback-server.ts";
import { startSimulator, type TestSimulator } from "../support/simulator.ts";

/** A typical Bolt app. */
function echoApp({ settings }: TestSimulator, mode: "events" | "socket") {
  const { SLACK_BOT_TOKEN: token = "", SLACK_SIGNING_SECRET: signingSecret = "" } = settings;
  const { SLACK_APP_TOKEN: appToken = "", SLACK_API_URL: slackApiUrl = "" } = settings;
  const how = mode === "events" ? { signingSecret } : { socketMode: true, appToken };
  const app = new App({ token, ...how, clientOptions: { slackApiUrl } });
  app.message(async ({ message, say }) => {
    if (message.subtype !== undefined || message.channel_type !== "im") return;
    const button = {
      type: "button" as const,
      action_id: "yes",
      text: { type: "plain_text" as const, text: "Yes" },
    };
    const section = {
      type: "section" as const,
      text: { type: "mrkdwn" as const, text: `You said: ${message.text}` },
    };
    await say({ text: "An answer", blocks: [section, { type: "actions", elements: [button] }] });
  });
  app.action("yes", async ({ ack, respond }) => {
    await ack();
    await respond({ replace_original: true, text: "You pressed yes" });
  });
  app.event("app_mention", ({ event, say }) =>
    say({ text: `Hello <@${event.user}>`, thread_ts: event.ts }).then(() => undefined),
  );
  return app;
}

async function converse(simulator: TestSimulator): Promise<void> {
  await simulator.control("POST", "/slack/chats/ada/messages", { text: "a < b" });
  await eventually(async () => {
    const { body } = await simulator.control("GET", "/slack/chats/ada");
    expect(body[1]).toMatchObject({ from: "bot", text: "You said: a < b", buttons: ["Yes"] });
  });
  expect((await simulator.control("POST", "/slack/chats/ada/press", { label: "Yes" })).status).toBe(201);
  await eventually(async () => {
    const { body } = await simulator.control("GET", "/slack/chats/ada");
    expect(body[1]).toMatchObject({ from: "bot", text: "You pressed yes", edited: true });
  });
  const { body: asked } = await simulator.control("POST", "/slack/chats/general/messages", {
    text: "@bot hi",
    from: "Bela",
  });
  await eventually(async () => {
    const { body } = await simulator.control("GET", "/slack/chats/general");
    expect(body.at(-1)).toMatchObject({ from: "bot", text: "Hello @Bela", thread: asked.id });
  });
}

describe("simulated Slack", () => {
  it("serves a Bolt app by signed events: messages, mentions, presses and response URLs", async () => {
    await using simulator = await startSimulator("slack");
    const app = echoApp(simulator, "events");
    const server = await app.start(0);
    const { port } = server.address() as AddressInfo;
    await simulator.control("POST", "/slack/webhook", { url: `http://127.0.0.1:${port}/slack/events` });
    try {
      await converse(simulator);
    } finally {
      await app.stop();
    }
  });

  it("serves a Bolt app in Socket Mode", async () => {
    await using simulator = await startSimulator("slack");
    const app = echoApp(simulator, "socket");
    await app.start();
    try {
      await converse(simulator);
    } finally {
      await app.stop();
    }
  });

  it("repeats a failed event, with the reason", async () => {
    await using simulator = await startSimulator("slack");
    const seen: (string | undefined)[] = [];
    const server = await startLoopbackServer(
      async (request, response) => {
        seen.push(request.headers["x-slack-retry-reason"] as string | undefined);
        response.writeHead(seen.length === 1 ? 500 : 200).end();
      },
      (response) => response.end(),
    );
    await simulator.control("POST", "/slack/webhook", { url: server.origin });
    await simulator.control("POST", "/slack/chats/ada/messages", { text: "hi" });
    await eventually(() => expect(seen).toEqual([undefined, "http_error"]));
    await server.close();
  });

  it("sends a mention as two events with one ts, and adds the file only to the first", async () => {
    await using simulator = await startSimulator("slack");
    const file = { name: "a.png", content_type: "image/png", data: "AAAA" };
    await simulator.control("POST", "/slack/chats/general/messages", { text: "@Causeway look", file });
    const { body: log } = await simulator.control("GET", "/log");
    const events = log.map((entry: { request: { body: string } }) => JSON.parse(entry.request.body));
    const [first, second] = events.map(({ event }: { event: { type: string } }) => event);
    expect([first.type, second.type]).toEqual(["message", "app_mention"]);
    expect(second.ts).toBe(first.ts);
    expect(events[0].event_id).not.toBe(events[1].event_id);
    expect(first.files).toHaveLength(1);
    expect(second.files).toBeUndefined();
  });

  it("returns Slack's error codes for wrong calls", async () => {
    await using simulator = await startSimulator("slack");
    const { body: said } = await simulator.control("POST", "/slack/chats/D0ADA00001/messages", {
      text: "hi",
    });
    const { SLACK_API_URL: url, SLACK_BOT_TOKEN: token } = simulator.settings;
    const call = async (
      method: string,
      payload: object,
      bearer = token,
    ): Promise<{ ok: boolean; error?: string; ts?: string }> => {
      const headers = { "content-type": "application/json", authorization: `Bearer ${bearer}` };
      const response = await fetch(`${url}${method}`, {
        method: "POST",
        headers,
        body: JSON.stringify(payload),
      });
      return (await response.json()) as { ok: boolean };
    };
    const channel = "D0ADA00001";
    const section = (length: number) => ({
      type: "section",
      text: { type: "mrkdwn", text: "x".repeat(length) },
    });
    const refusals: [string, object, string][] = [
      ["chat.postMessage", { channel: "C0NOWHERE", text: "a" }, "channel_not_found"],
      ["chat.postMessage", { channel }, "no_text"],
      ["chat.postMessage", { channel, text: "a", markdown_text: "b" }, "markdown_text_conflict"],
      ["chat.postMessage", { channel, markdown_text: "x".repeat(12_001) }, "msg_too_long"],
      [
        "chat.postMessage",
        { channel, blocks: Array.from({ length: 51 }, () => section(1)) },
        "invalid_blocks",
      ],
      ["chat.postMessage", { channel, blocks: [section(3_001)] }, "invalid_blocks"],
      ["chat.postMessage", { channel, text: "a", thread_ts: "1.000001" }, "thread_not_found"],
      ["chat.update", { channel, ts: said.id, text: "a" }, "cant_update_message"],
      ["chat.startStream", { channel }, "invalid_thread_ts"],
      ["dance", {}, "unknown_method"],
    ];
    for (const [method, payload, error] of refusals)
      expect(await call(method, payload), method).toEqual({ ok: false, error });
    expect(await call("auth.test", {}, "xoxb-wrong")).toMatchObject({ error: "invalid_auth" });
    const posted = await call("chat.postMessage", { channel, text: "a" });
    expect(await call("chat.update", { channel, ts: posted.ts, text: "x".repeat(4_001) })).toMatchObject({
      error: "msg_too_long",
    });
  });

  it("streams an answer, and closes the stream after five minutes", async () => {
    await using simulator = await startSimulator("slack");
    const { body: said } = await simulator.control("POST", "/slack/chats/D0ADA00001/messages", {
      text: "hi",
    });
    const { SLACK_API_URL: slackApiUrl = "", SLACK_BOT_TOKEN: token } = simulator.settings;
    const client = new WebClient(token, { slackApiUrl, retryConfig: { retries: 0 } });
    const channel = "D0ADA00001";
    const { ts = "" } = await client.chat.startStream({ channel, thread_ts: said.id, markdown_text: "One " });
    await client.chat.appendStream({ channel, ts, markdown_text: "two" });
    const { body } = await simulator.control("GET", `/slack/chats/${channel}`);
    expect(body.at(-1)).toMatchObject({ text: "One two", streaming: true, thread: said.id });
    const markdown_text =
      "## Plan\n**Two** *of* `a*b*c`, 2 * 3 * 4 and snake_case_name: [here](https://example.org)";
    await client.chat.postMessage({ channel, markdown_text } as never);
    const { body: more } = await simulator.control("GET", `/slack/chats/${channel}`);
    expect(more.at(-1).text).toBe("Plan\nTwo of a*b*c, 2 * 3 * 4 and snake_case_name: here");
    expect(more.at(-1).markdown).toBe(markdown_text);
    const marks = "*Two* _of_ `a_b_c` &amp; 2 * 3: <https://example.org|here>, <@U0BELA0001>";
    await client.chat.postMessage({ channel, text: marks });
    const { body: most } = await simulator.control("GET", `/slack/chats/${channel}`);
    expect(most.at(-1).markdown).toMatch(
      /^\*\*Two\*\* \*of\* `a_b_c` \\& 2 \\\* 3: \[here\]\(<https:\/\/example\.org>\), @/,
    );
    await simulator.control("POST", "/clock", { forward_seconds: 301 });
    await expect(client.chat.appendStream({ channel, ts, markdown_text: "!" })).rejects.toMatchObject({
      data: { error: "message_not_in_streaming_state" },
    });
  });

  it("shows an agent session, and tells the app when the user presses Stop", async () => {
    await using simulator = await startSimulator("slack");
    const events: Record<string, unknown>[] = [];
    const server = await startLoopbackServer(
      async (request, response) => {
        events.push(JSON.parse(await text(request)).event);
        response.writeHead(200).end();
      },
      (response) => response.end(),
    );
    await simulator.control("POST", "/slack/webhook", { url: server.origin });
    const channel = "D0ADA00001";
    const { body: said } = await simulator.control("POST", `/slack/chats/${channel}/messages`, {
      text: "hi",
    });
    const { SLACK_API_URL: slackApiUrl = "", SLACK_BOT_TOKEN: token } = simulator.settings;
    const client = new WebClient(token, { slackApiUrl, retryConfig: { retries: 0 } });
    const thread = { channel_id: channel, thread_ts: said.id };
    const shown = async () => (await simulator.control("GET", "/slack/chats")).body[0];

    await client.agents.sessions.setStatus({ ...thread, status: "processing", title: "Greetings" });
    expect(await shown()).toMatchObject({ typing: "is working…", actions: ["Stop"] });
    const { ts } = await client.chat.startStream({ channel, thread_ts: said.id, markdown_text: "One" });
    const press = () => simulator.control("POST", `/slack/chats/${channel}/press`, { label: "Stop" });
    expect((await press()).body).toMatchObject({ id: said.id, title: "Greetings" });
    await eventually(() =>
      expect(events.at(-1)).toMatchObject({
        type: "agent_session_stopped",
        channel,
        thread_ts: said.id,
        streaming_message_ts: [ts],
      }),
    );
    // Slack has stopped the stream. The app has to change the status.
    await expect(client.chat.stopStream({ channel, ts: ts ?? "" })).rejects.toMatchObject({
      data: { error: "message_not_in_streaming_state" },
    });
    expect(await shown()).toMatchObject({ actions: ["Stop"] });
    await client.agents.sessions.setStatus({ ...thread, status: "active" });
    await client.agents.sessions.rename({ ...thread, title: "Hello" });
    expect(await shown()).toMatchObject({ typing: null, messages: [{ title: "Hello" }, {}] });
    expect((await press()).status).toBe(404);
    await server.close();
  });

  it("shows the tools of an answer as cards, in a stream that starts with them", async () => {
    await using simulator = await startSimulator("slack");
    const channel = "D0ADA00001";
    const { body: said } = await simulator.control("POST", `/slack/chats/${channel}/messages`, {
      text: "hi",
    });
    const { SLACK_API_URL: slackApiUrl = "", SLACK_BOT_TOKEN: token } = simulator.settings;
    const client = new WebClient(token, { slackApiUrl, retryConfig: { retries: 0 } });
    const card = (status: "in_progress" | "complete") =>
      ({ type: "task_update", id: "1", title: "Look it up", status }) as const;
    const { ts = "" } = await client.chat.startStream({
      channel,
      thread_ts: said.id,
      chunks: [card("in_progress")],
    });
    await expect(client.chat.appendStream({ channel, ts, markdown_text: "One" })).rejects.toMatchObject({
      data: { error: "streaming_mode_mismatch" },
    });
    const chunks = [card("complete"), { type: "markdown_text", text: "One" } as const];
    await client.chat.stopStream({ channel, ts, chunks });
    const { body } = await simulator.control("GET", `/slack/chats/${channel}`);
    expect(body.at(-1)).toMatchObject({ text: "One", cards: [{ title: "Look it up", status: "complete" }] });
    await expect(client.chat.update({ channel, ts, text: "Two" })).rejects.toMatchObject({
      data: { error: "block_mismatch" },
    });
  });

  it("tells the app that a user opened its conversation, and shows the suggested prompts", async () => {
    await using simulator = await startSimulator("slack");
    const { SLACK_API_URL: slackApiUrl = "", SLACK_BOT_TOKEN: token } = simulator.settings;
    const client = new WebClient(token, { slackApiUrl, retryConfig: { retries: 0 } });
    const { body: opened } = await simulator.control("POST", "/slack/chats/ada/open", {});
    const prompts = [{ title: "Prices", message: "What does it cost?" }];
    const place = { channel_id: opened.id, prompts };
    await client.assistant.threads.setSuggestedPrompts({ ...place, thread_ts: "1.2" });
    expect((await simulator.control("GET", "/slack/chats")).body).toMatchObject([{ actions: [] }]);
    await client.assistant.threads.setSuggestedPrompts(place);
    expect((await simulator.control("GET", "/slack/chats")).body).toMatchObject([{ actions: ["Prices"] }]);
    await simulator.control("POST", "/slack/chats/ada/press", { label: "Prices" });
    expect((await simulator.control("GET", "/slack/chats/ada")).body).toMatchObject([
      { from: "user", text: "What does it cost?" },
    ]);
    const { body: log } = await simulator.control("GET", "/log");
    const events = log.filter(({ direction }: { direction: string }) => direction === "event");
    const names = events.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(["app_home_opened", "message"]));
  });
});
