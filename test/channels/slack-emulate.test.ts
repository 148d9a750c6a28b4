import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createEmulator } from "emulate";
import { expect, test } from "vitest";
import { memoryValues } from "../support/channel-values.ts";
import { createSubjectTools, partOf } from "./conformance-subject.ts";
import { callback, eventRequest, nextTs, slackChannel } from "./slack-subject.ts";

// A Slack emulator of other authors does not share our reading of the documentation. It has no markdown_text, no status
// and no own events. So it shows only that the requests fit and that the fallback works.

const TOKEN = "xoxb-emulated-bot-token";
const SECRET = "emulated-signing-secret";

const PUBLIC_URL = "https://chat.example.org";
const OAUTH = { clientId: "1.2", clientSecret: "emulated-client-secret", secret: "s".repeat(32) };

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startEmulator() {
  const port = await freePort();
  const emulator = await createEmulator({
    service: "slack",
    port,
    baseUrl: `http://127.0.0.1:${port}`,
    seed: {
      slack: {
        team: { name: "Emulated", domain: "emulated" },
        users: [{ name: "ada", real_name: "Ada Lovelace" }],
        channels: [{ name: "general" }],
        bots: [{ name: "causeway" }],
        signing_secret: SECRET,
        oauth_apps: [
          {
            client_id: OAUTH.clientId,
            client_secret: OAUTH.clientSecret,
            name: "Causeway",
            redirect_uris: [`${PUBLIC_URL}/webhooks/slack/oauth`],
          },
        ],
        tokens: [{ token: TOKEN, type: "bot", user: "ada", scopes: ["chat:write", "users:read"] }],
      },
    },
  });
  const api = async (method: string, body: Record<string, string> = {}) => {
    const response = await fetch(`${emulator.url}/api/${method}`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      body: new URLSearchParams(body),
    });
    // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
    return (await response.json()) as any;
  };
  return { url: emulator.url, api, [Symbol.asyncDispose]: () => emulator.close() };
}

test("a message is read and answered in its thread on an emulated Slack", async () => {
  await using slack = await startEmulator();
  const { channels } = await slack.api("conversations.list");
  const { members } = await slack.api("users.list");
  const general = channels.find(({ name }: { name: string }) => name === "general").id;
  const ada = members.find(({ name }: { name: string }) => name === "ada").id;
  const fake = { apiUrl: `${slack.url}/api/`, botToken: TOKEN, signingSecret: SECRET };
  const us = { userId: "U0BOT00001", botId: "B0BOT00001", appId: "A0APP00001", teamId: "T0TEAM0001" };
  const channel = slackChannel(fake);
  const context = createSubjectTools().startContext();
  await channel.start?.(context);
  expect(context.errors.filter((error) => error !== null)).toEqual([]);

  const root = await slack.api("chat.postMessage", { channel: general, text: "root" });
  const event = { type: "app_mention", channel: general, user: ada, ts: nextTs(), thread_ts: root.ts };
  const received = await channel.receive(
    eventRequest(fake, callback({ us }, { ...event, text: "<@U0BOT00001> hello" })),
  );
  if (received.kind !== "accepted") throw new Error(JSON.stringify(received));
  const [message] = received.events;
  expect(message).toMatchObject({ text: "hello", userName: "ada" });

  const address = `${general}:${root.ts}`;
  const result = await channel.send(
    partOf(address, "You said: **hello** & <b>"),
    AbortSignal.timeout(10_000),
  );
  expect(result).toMatchObject({ kind: "sent" });
  const { messages } = await slack.api("conversations.replies", { channel: general, ts: root.ts });
  expect(messages.map(({ text }: { text: string }) => text)).toEqual([
    "root",
    "You said: *hello* &amp; &lt;b&gt;",
  ]);

  const lost = await channel.send(partOf("C0NOBODY01", "hello"), AbortSignal.timeout(10_000));
  expect(lost).toMatchObject({ kind: "failed", code: "slack_channel_not_found", scope: "conversation" });
  await channel.typing?.(address, AbortSignal.timeout(5000));
  await channel.stop?.();
});

test("an answer grows in one edited message on an emulated Slack, which has no streams", async () => {
  await using slack = await startEmulator();
  const { channels } = await slack.api("conversations.list");
  const general = channels.find(({ name }: { name: string }) => name === "general").id;
  const root = await slack.api("chat.postMessage", { channel: general, text: "root" });
  const fake = { apiUrl: `${slack.url}/api/`, botToken: TOKEN, signingSecret: SECRET };
  const channel = slackChannel(fake, { config: { streaming: true } });
  const texts = async () => {
    const { messages } = await slack.api("conversations.replies", { channel: general, ts: root.ts });
    return messages.map(({ text }: { text: string }) => text);
  };
  const address = `${general}:${root.ts}`;
  const show = (text: string, onStanding: (preview: string) => void = () => undefined) => {
    const target = { address, executionId: "execution", userIdentifier: "U000000001", onStanding };
    const stream = channel.openStream?.(target);
    stream?.show(text);
    return stream;
  };
  await show("You said **hello** and more")?.close();
  expect(await texts()).toEqual(["root"]);
  let stream: ReturnType<typeof show>;
  const preview = await new Promise<string>((resolve) => {
    stream = show("You said **hello** and more", resolve);
  });
  expect(await stream?.close()).toBe(true);
  expect(await texts()).toEqual(["root", "You said *hello* and"]);
  const part = { ...partOf(address, "You said **hello** and more."), preview };
  expect(await channel.send(part, AbortSignal.timeout(10_000))).toMatchObject({ kind: "sent" });
  expect(await texts()).toEqual(["root", "You said *hello* and more."]);
  expect(await channel.removePreview?.(address, preview, AbortSignal.timeout(10_000))).toBe(true);
  expect(await texts()).toEqual(["root"]);
  await channel.stop?.();
});

test("the app is installed on an emulated Slack, and answers with the token granted there", async () => {
  await using slack = await startEmulator();
  const values = memoryValues();
  const fake = { apiUrl: `${slack.url}/api/`, botToken: TOKEN, signingSecret: SECRET };
  const channel = slackChannel(fake, {
    config: { botToken: undefined, oauth: OAUTH },
    publicUrl: { url: PUBLIC_URL, isPublic: true },
    values,
  });
  const visit = async (path: string, cookie = "") => {
    const url = `/webhooks/slack${path}`;
    const received = await channel.receive({
      method: "GET",
      url,
      headers: { cookie },
      body: Buffer.alloc(0),
    });
    return received.kind === "accepted" ? received.response : undefined;
  };
  const began = await visit("/install");
  const asked = new URL(began?.headers?.["Location"] ?? "");
  expect((await fetch(asked)).status).toBe(200);

  const { members } = await slack.api("users.list");
  const ada = members.find(({ name }: { name: string }) => name === "ada").id;
  const consent = await fetch(`${slack.url}/oauth/v2/authorize/callback`, {
    method: "POST",
    body: new URLSearchParams({ ...Object.fromEntries(asked.searchParams), user_id: ada }),
    redirect: "manual",
  });
  const back = new URL(consent.headers.get("location") ?? "");
  const cookie = began?.headers?.["Set-Cookie"]?.split(";")[0];
  expect(back.pathname).toBe("/webhooks/slack/oauth");
  expect(await visit(`/oauth${back.search}`, cookie)).toMatchObject({ status: 200 });

  const key = [...values.kept.keys()].find((each) => each.startsWith("installation:")) ?? "";
  const team = key.replace("installation:", "");
  const { channels } = await slack.api("conversations.list");
  const general = channels.find(({ name }: { name: string }) => name === "general").id;
  const sent = await channel.send(partOf(`${team}/${general}`, "Installed."), AbortSignal.timeout(10_000));
  expect(sent).toMatchObject({ kind: "sent" });
  const elsewhere = await channel.send(partOf(`T0NOBODY/${general}`, "Lost."), AbortSignal.timeout(10_000));
  expect(elsewhere).toMatchObject({ kind: "failed", code: "slack_not_installed", scope: "conversation" });
  await channel.stop?.();
});
