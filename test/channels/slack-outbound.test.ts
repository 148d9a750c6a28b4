import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import { createFloods } from "../../src/channels/slack/floods.ts";
import { definition } from "../../src/channels/slack/index.ts";
import { eventually } from "../support/eventually.ts";
import { type FakeSlack, startFakeSlack } from "../support/fake-slack.ts";
import { readMarkdown } from "../support/slack-markdown.ts";
import { createSubjectTools, partOf } from "./conformance-subject.ts";
import { slackChannel } from "./slack-subject.ts";

const THREAD = "C0GENERAL1:1790000100.000100";

let fake: FakeSlack;
let channel: Channel;

beforeEach(async () => {
  fake = await startFakeSlack();
  channel = slackChannel(fake);
});
afterEach(async () => {
  await channel.stop?.();
  await fake.close();
});

const send = (text: string, address = THREAD) =>
  channel.send(partOf(address, text), AbortSignal.timeout(10_000));

describe("a reply on Slack", () => {
  test("goes into the thread, as Slack's Markdown, without previews of links", async () => {
    expect(await send("**Hello** [you](https://a.example)")).toEqual({
      kind: "sent",
      externalIds: ["C0GENERAL1:1790000000.000001"],
    });
    expect(fake.posted).toMatchObject([
      { threadTs: "1790000100.000100", raw: "**Hello** [you](https://a.example)", format: "markdown_text" },
    ]);
    expect(fake.calls.at(-1)?.payload).toMatchObject({ unfurl_links: "false", unfurl_media: "false" });
  });

  test("stays unchanged if that is configured", async () => {
    const part = { ...partOf(THREAD, "# 5 *is* <!here> your _code_"), format: "text" as const };
    await channel.send(part, AbortSignal.timeout(10_000));
    expect(fake.calls.at(-1)?.payload).toMatchObject({
      text: "# 5 *is* &lt;!here&gt; your _code_",
      mrkdwn: "false",
    });
  });

  test("goes to the top level if the address names no thread", async () => {
    await send("news", "C0GENERAL1");
    expect(fake.posted).toMatchObject([{ channel: "C0GENERAL1", threadTs: null }]);
  });

  test("is written in the older notation if Slack refuses Markdown", async () => {
    fake.fail({ error: "no_text" });
    const text =
      "# Title\n**bold** and *italic*, ~~gone~~ [a](https://a.example) 1 < 2 & `<b>`\n```js\na < b\n```";
    expect(await send(text)).toMatchObject({ kind: "sent" });
    expect(fake.posted[0]).toMatchObject({ format: "text" });
    expect(fake.posted[0]?.raw).toBe(
      "*Title*\n*bold* and _italic_, ~gone~ <https://a.example|a> 1 &lt; 2 &amp; `&lt;b&gt;`\n```\na &lt; b\n```",
    );
  });

  test.each([
    "<!channel> wake up",
    "<!here|here>, <!everyone>",
    "<!subteam^S0123|@team>",
    "<@U0ADA00001> look, <#C0GENERAL1>",
    "@here @channel @everyone",
    "`<!channel>`",
    "&lt;!channel&gt; &#60;!channel> &#x3C;!channel>",
    "\\<!channel> <\\!channel>",
    "(@channel)",
  ])("notifies nobody, whatever the model writes: %s", async (text) => {
    fake.fail({ error: "invalid_arguments" }, { times: 1 });
    await send(text);
    await send(text);
    expect(fake.posted.map(({ format }) => format)).toEqual(["text", "markdown_text"]);
    expect(fake.posted.flatMap(({ pings }) => pings)).toEqual([]);
    expect(fake.posted[1]?.text).toBe(readMarkdown(text).text);
    expect(fake.posted[1]?.raw).not.toContain("\u2060");
  });

  test("keeps its code unchanged: alone, with buttons and in the older notation", async () => {
    const code = "```html\n<!DOCTYPE html>\n<p>a &amp; b</p>\n```\n\n`@Group` and `<#if x>`";
    const buttons = [{ label: "Yes", payload: "yes" }];
    await send(`${code} <!channel>`);
    await channel.send({ ...partOf(THREAD, `${code} <!channel>`), buttons }, AbortSignal.timeout(10_000));
    fake.fail({ error: "no_text" });
    await send(`${code} <!channel>`);
    const [alone, above, older] = fake.posted;
    for (const message of [alone, above]) expect(message?.raw).toBe(`${code} &lt;!channel>`);
    expect(older?.text).toBe(`${code.replace("```html", "```")} <!channel>`);
    expect(fake.posted.flatMap(({ pings }) => pings)).toEqual([]);
  });

  test("shows the name of a file unchanged, and the name notifies nobody", async () => {
    const file = {
      kind: "file" as const,
      name: "<!here>.txt",
      contentType: null,
      url: "https://a.example/f",
    };
    const image = { ...file, kind: "image" as const };
    for (const each of [file, image]) {
      const text = `${each.name}: ${each.url}`;
      await channel.send({ ...partOf(THREAD, text), file: each }, AbortSignal.timeout(10_000));
    }
    expect(fake.posted.map(({ text }) => text)).toEqual(Array(2).fill("<!here>.txt: https://a.example/f"));
    expect(fake.posted.flatMap(({ pings }) => pings)).toEqual([]);
  });

  test("fits even if every character must be escaped", async () => {
    for (const text of ["<@".repeat(5000), "&".repeat(9000), "@here ".repeat(2000)]) {
      for (const part of definition.split(text)) {
        expect(await send(part)).toMatchObject({ kind: "sent" });
        fake.fail({ error: "no_text" });
        expect(await send(part)).toMatchObject({ kind: "sent" });
      }
    }
  });

  test("waits as long as Slack asks, and 30 seconds if Slack names no time", async () => {
    fake.fail({ rateLimited: 7 });
    const limited = { kind: "retry", scope: "conversation" };
    expect(await send("a")).toMatchObject({ ...limited, afterMs: 7000 });
    fake.fail({ rateLimited: null });
    expect(await send("a")).toMatchObject({ ...limited, afterMs: 30_000 });
    fake.fail({ error: "ratelimited" });
    expect(await send("a")).toMatchObject({ ...limited, afterMs: 30_000 });
    // Three calls, because the vendor's client does not retry a rate-limited call.
    expect(fake.calls.filter(({ method }) => method === "chat.postMessage")).toHaveLength(3);
  });

  test("limited in a second thread of one Slack channel does not delay other channels", async () => {
    const refusedIn = async (address: string) => {
      fake.fail({ rateLimited: 7 });
      return send("a", address);
    };
    expect(await refusedIn(THREAD)).not.toHaveProperty("alone");
    expect(await refusedIn("C0GENERAL1:1790000100.000200")).toMatchObject({ alone: true });
    expect(await refusedIn(THREAD)).not.toHaveProperty("alone");
    expect(await refusedIn("C0RANDOM01:1790000100.000200")).not.toHaveProperty("alone");
  });

  test.each([
    [{ error: "channel_not_found" }, { kind: "failed", scope: "conversation" }],
    [{ error: "is_archived" }, { kind: "failed", scope: "conversation" }],
    [{ error: "missing_scope" }, { kind: "failed", scope: "connection" }],
    [{ error: "token_revoked" }, { kind: "failed", scope: "connection" }],
    [{ error: "internal_error" }, { kind: "unknown" }],
    [{ error: "fatal_error" }, { kind: "unknown" }],
    [{ html: 502 }, { kind: "unknown" }],
    [{ html: 403 }, { kind: "retry", scope: "connection" }],
    [{ html: 200 }, { kind: "unknown" }],
    [{ cut: "before" as const }, { kind: "unknown" }],
  ])("that fails with %o becomes %o", async (fault, expected) => {
    fake.fail(fault);
    expect(await send("hello")).toMatchObject(expected);
    expect(fake.posted).toEqual([]);
  });

  test("that Slack refuses for lack of access names what to do", async () => {
    for (const error of ["not_in_channel", "channel_not_found"]) {
      fake.fail({ error });
      expect(await send("hello")).toMatchObject({
        kind: "failed",
        reason: expect.stringContaining("/invite"),
      });
    }
    fake.fail({ error: "token_expired" });
    expect(await send("hello")).toMatchObject({ reason: expect.stringMatching(/12 hours.*oauth.*rotation/) });
  });

  test("to an address that is no Slack conversation fails", async () => {
    expect(await send("hello", "12345")).toMatchObject({ kind: "failed", code: "slack_bad_address" });
  });

  test("can reach a person only by their id", async () => {
    for (const id of ["U0123456789", "T0123/U0123456789"])
      expect(await channel.canReach?.(id)).toEqual({ kind: "reachable" });
    expect(await channel.canReach?.("@ada")).toEqual({
      kind: "unreachable",
      code: "slack_bad_address",
      reason: expect.stringContaining("U0123456789"),
    });
  });
});

test("a Slack workspace with two limited channels waits, and no other workspace does", () => {
  let now = 0;
  const floods = createFloods(() => now);
  const placeOf = (team: string, channel: string) => ({ team, channel, threadTs: "1.1" });
  const refuse = (team: string, channel: string) => {
    const code = "slack_ratelimited";
    const limited = { kind: "retry", reason: "wait", code, scope: "conversation", afterMs: 5_000 } as const;
    return floods.judge(placeOf(team, channel), `${team}/${channel}:1.1`, limited);
  };
  expect(refuse("T1", "C1")).toMatchObject({ alone: true, afterMs: 5_000 });
  expect(refuse("T2", "C1")).toMatchObject({ alone: true });
  expect(floods.hold(placeOf("T1", "C3"))).toBeNull();
  now = 1_000;
  refuse("T1", "C2");
  now = 2_000;
  expect(floods.hold(placeOf("T1", "C3"))).toMatchObject({ kind: "retry", alone: true, afterMs: 4_000 });
  expect(floods.hold(placeOf("T2", "C3"))).toBeNull();
  now = 6_000;
  expect(floods.hold(placeOf("T1", "C3"))).toBeNull();
});

describe("the status on Slack", () => {
  const shown = () => fake.statuses.map(({ status }) => status);
  const ended = async () =>
    channel.turnEnded?.({ address: THREAD, sessionId: "s" }, "no_reply", AbortSignal.timeout(5000));

  test("is shown in the thread while an answer is being written", async () => {
    await channel.typing?.(THREAD, AbortSignal.timeout(5000));
    expect(fake.statuses).toMatchObject([{ channel: "C0GENERAL1", threadTs: "1790000100.000100" }]);
  });

  test("is not requested again if the app may not show it", async () => {
    fake.fail({ error: "missing_scope" }, { method: "assistant.threads.setStatus" });
    await channel.typing?.(THREAD, AbortSignal.timeout(5000));
    await channel.typing?.(THREAD, AbortSignal.timeout(5000));
    for (const method of ["agents.sessions.setStatus", "assistant.threads.setStatus"])
      expect(fake.calls.filter((call) => call.method === method)).toHaveLength(1);
  });

  test("is removed when a turn ends without a message", async () => {
    await channel.typing?.(THREAD, AbortSignal.timeout(5000));
    await ended();
    expect(shown()).toEqual(["is thinking…", ""]);
  });

  test("that arrives after the end of the turn or the answer is removed afterwards", async () => {
    for (const end of [ended, () => send("hello")]) {
      const before = fake.statuses.length;
      const release = fake.hold("assistant.threads.setStatus");
      const showing = channel.typing?.(THREAD, AbortSignal.timeout(5000));
      await end();
      release();
      await showing;
      expect(shown().slice(before)).toEqual(["is thinking…", ""]);
    }
  });

  test("of the next turn stays, although the previous turn ended while its status was being sent", async () => {
    const release = fake.hold("assistant.threads.setStatus");
    const first = channel.typing?.(THREAD, AbortSignal.timeout(5000));
    await ended();
    const second = channel.typing?.(THREAD, AbortSignal.timeout(5000));
    release();
    await Promise.all([first, second]);
    expect(shown()).toEqual(["is thinking…", "is thinking…"]);
  });
});

describe("the session on Slack of an app that is an agent", () => {
  const statuses = () => fake.sessions.get(THREAD)?.statuses ?? [];
  const METHOD = "agents.sessions.setStatus";
  beforeEach(() => fake.declareAgent());

  test("is busy until the turn is over, and the older status is not shown", async () => {
    for (const busy of [["processing"], ["processing", "active", "processing"]]) {
      const over = new AbortController();
      await channel.typing?.(THREAD, over.signal);
      // The indicator is repeated while the turn goes on.
      await channel.typing?.(THREAD, over.signal);
      expect(statuses()).toEqual(busy);
      over.abort();
      await eventually(() => expect(statuses()).toEqual([...busy, "active"]));
      await channel.turnEnded?.({ address: THREAD, sessionId: "s" }, "no_reply", AbortSignal.timeout(5000));
    }
    expect(statuses()).toHaveLength(4);
    expect(fake.statuses).toEqual([]);
  });

  test("ends with its turn, even if Slack was down or the call that shows it is late", async () => {
    const first = new AbortController();
    await channel.typing?.(THREAD, first.signal);
    fake.fail({ rateLimited: 1 }, { method: METHOD });
    first.abort();
    await eventually(() => expect(statuses()).toEqual(["processing", "active"]));
    const second = new AbortController();
    const release = fake.hold(METHOD);
    const showing = channel.typing?.(THREAD, second.signal);
    second.abort();
    release();
    await showing;
    await eventually(() => expect(statuses().slice(2)).toEqual(["processing", "active"]));
  });

  test("stays busy for the next turn, although the end of the previous turn comes late", async () => {
    const first = new AbortController();
    await channel.typing?.(THREAD, first.signal);
    const release = fake.hold(METHOD);
    first.abort();
    const showing = channel.typing?.(THREAD, new AbortController().signal);
    release();
    await showing;
    expect(statuses().at(-1)).toBe("processing");
  });

  test("has no Stop button if the app does not get its event, and the log says so once", async () => {
    fake.declareAgent({ hearsStop: false });
    const { log, logged } = createSubjectTools();
    const other = slackChannel(fake, { log });
    for (const thread of [THREAD, `${THREAD}1`]) await other.typing?.(thread, AbortSignal.timeout(5000));
    await other.stop?.();
    const hints = logged().filter((line: unknown) => JSON.stringify(line).includes("agent_session_stopped"));
    expect(hints).toHaveLength(1);
  });

  test("gets the first words of its conversation as its title, once, unless titles are off", async () => {
    const words = "Which plan\nis right for me?";
    const show = (from: Channel, thread: string, turn?: { words: string; isFirst: boolean }) =>
      from.typing?.(thread, AbortSignal.timeout(5000), turn);
    const [first, heard, older, unnamed] = ["1", "2", "3", "4"].map((end) => `${THREAD}${end}`) as [
      string,
      string,
      string,
      string,
    ];
    await show(channel, first, { words, isFirst: true });
    // A voice message has words only after its session has begun.
    await show(channel, heard);
    await show(channel, heard, { words, isFirst: true });
    await show(channel, older);
    await show(channel, older, { words, isFirst: false });
    const plain = slackChannel(fake, { config: { titles: false } });
    await show(plain, unnamed, { words, isFirst: true });
    await plain.stop?.();
    const titles = [first, heard, older, unnamed].map((thread) => fake.sessions.get(thread)?.title);
    expect(titles).toEqual(["Which plan", "Which plan", "", ""]);
    expect(fake.calls.filter(({ method }) => method === "agents.sessions.rename")).toHaveLength(1);
  });
});

test("the thread of an older assistant gets its first words as its title", async () => {
  const turn = { words: "Which plan?", isFirst: true };
  for (const address of [THREAD, "D0ADA00001:1790000100.000100"])
    await channel.typing?.(address, AbortSignal.timeout(5000), turn);
  const named = fake.calls.filter(({ method }) => method === "assistant.threads.setTitle");
  expect(named.map(({ payload }) => payload)).toMatchObject([
    { channel_id: "D0ADA00001", thread_ts: "1790000100.000100", title: "Which plan?" },
  ]);
});
