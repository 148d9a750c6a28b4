import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { defineBot } from "../../src/bots/bot.ts";
import { defineChannel } from "../../src/channels/channel-definition.ts";
import { reject } from "../../src/channels/webhook-request.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";

/** Replies with its secret, which only a test bot may do. */
const tellTale = defineBot({
  type: "tell-tale",
  configSchema: z.strictObject({ apiKey: z.string(), note: z.string() }),
  create: ({ apiKey, note }) => ({
    answer: async () => ({ replies: [{ content: `${note}: ${apiKey}` }] }),
  }),
});
const agentThatTells = (note: string) => ({
  echo: { bot: { type: "tell-tale", apiKey: "$TELL_TALE_KEY", note } },
});

async function openSession(app: TestApp): Promise<string> {
  const created = await app.api("POST", "/chat/sessions", { agent_id: "echo" });
  return String(created.body.id);
}
async function ask(app: TestApp, session: string): Promise<string> {
  const answer = await app.api("POST", `/chat/sessions/${session}/messages`, { content: "?" });
  return String(answer.body.content);
}
const metricsOf = async (app: TestApp): Promise<string> => (await fetch(`${app.url}/metrics`)).text();
async function backlogOf(app: TestApp, what: string): Promise<number> {
  const text = await metricsOf(app);
  return Number(new RegExp(`causeway_backlog\\{of="${what}"\\} (\\d+)`).exec(text)?.[1]);
}

test("after a reload an open session keeps its version, with the current secrets", async () => {
  const hidden: string[] = [];
  await using app = await startTestApp({
    bots: { "tell-tale": tellTale },
    agents: agentThatTells("first"),
    env: { TELL_TALE_KEY: "key-of-yesterday" },
    hide: (secrets) => void hidden.push(...secrets),
  });
  const session = await openSession(app);
  expect(await ask(app, session)).toBe("first: key-of-yesterday");

  await app.configure({ agents: agentThatTells("second"), env: { TELL_TALE_KEY: "key-of-today" } });
  await app.app.reload();

  expect(await ask(app, session)).toBe("first: key-of-today");
  expect(await ask(app, await openSession(app))).toBe("second: key-of-today");
  expect(hidden).toContain("key-of-today");
});

test("a generated operator key is hidden before anything is logged with it", async () => {
  const hidden: string[] = [];
  await using app = await startTestApp({
    env: { CAUSEWAY_API_KEY: "" },
    hide: (secrets) => void hidden.push(...secrets),
  });
  const { value, path } = app.app.operatorKey;
  expect(readFileSync(path ?? "", "utf8").trim()).toBe(value);
  expect(hidden).toContain(value);
});

test("metrics count a session that waits for its answer, until it has the answer", async () => {
  const bot = createScriptedBot(() => undefined);
  await using app = await startTestApp({
    bots: { scripted: bot.definition },
    agents: { echo: { bot: { type: "scripted" } } },
  });
  const session = await openSession(app);
  const answered = app.api("POST", `/chat/sessions/${session}/messages`, { content: "well?" });
  const call = await bot.asked("well?");
  expect(await backlogOf(app, "sessions")).toBe(1);
  const age = () =>
    metricsOf(app).then((text) => Number(/waiting_seconds\{of="message"\} (\S+)/.exec(text)?.[1]));
  const before = await age();
  expect(before).toBeGreaterThan(0);
  await eventually(async () => expect(await age()).toBeGreaterThan(before));
  call.reply("well.");
  await answered;
  await eventually(async () => expect(await backlogOf(app, "sessions")).toBe(0));
  expect(await backlogOf(app, "unknown_deliveries")).toBe(0);
  expect(await age()).toBe(0);
});

test("metrics count requests by the pattern of their route, not by their full path", async () => {
  await using app = await startTestApp();
  await ask(app, await openSession(app));
  await fetch(`${app.url}/no/such/place`);
  const count = (labels: string) => `causeway_http_request_seconds_count{${labels}} 1`;
  await eventually(async () => {
    const text = await metricsOf(app);
    expect(text).toContain(count('method="POST",route="/api/v1/chat/sessions/:id/messages",status="201"'));
    expect(text).toContain(count('method="GET",route="none",status="404"'));
  });
});

test("a reload names the unchanged channels, and the list shows them", async () => {
  const api = { kind: "api", agent: "echo" };
  const web = { kind: "web", agent: "echo", title: "Help" };
  await using app = await startTestApp({ channels: { api, web, spare: api } });
  await app.configure({ channels: { api, web: { ...web, title: "Care" }, help: web } });
  await app.app.reload();

  const warned = app.log.filter(({ level }) => level === "warn").map(({ message }) => message);
  expect(warned).toContain(
    "these channels change with a restart only: web (title); spare (removed); help (new)",
  );
  const { body } = await app.api("GET", "/channels");
  const list: { name: string; state: string; last_error: string | null }[] = body.data;
  const states = new Map(list.map(({ name, state }) => [name, state]));
  expect(Object.fromEntries(states)).toEqual({ api: "ok", web: "error", spare: "error", help: "error" });

  await app.configure({ channels: { api, web, spare: api } });
  await app.app.reload();
  const after = await app.api("GET", "/channels");
  expect(after.body.data.filter(({ state }: { state: string }) => state === "error")).toEqual([]);

  // A workspace with a new name is a different one. The channels of the first keep running.
  await app.configure({ workspace: "clinic", channels: { other: api } });
  await app.app.reload();
  expect(app.log.map(({ message }) => message)).toContain(
    "the workspace of these channels was removed, and ends with a restart only: api, web, spare",
  );
});

/** Refuses every request, and needs no platform. */
const stern = defineChannel({
  kind: "stern",
  capabilities: {
    sessions: "many",
    resetCommand: false,
    textLimit: 4096,
    typingRefreshMs: null,
    receipts: false,
    buttons: null,
    profileVariables: [],
  },
  configSchema: z.strictObject({}),
  create: () => ({
    receive: async () => reject(401, "invalid_signature", "the signature is not ours"),
    send: async () => ({ kind: "sent", externalIds: [] }),
  }),
  split: (text) => [text],
});

test("a refused webhook adds one log line and the channel's last error, and keeps the channel's state", async () => {
  const clinic = { kind: "stern", agent: "echo" };
  await using app = await startTestApp({
    kinds: { stern },
    channels: { api: { kind: "api", agent: "echo" }, clinic },
  });
  const post = () => fetch(`${app.url}/webhooks/clinic`, { method: "POST", body: "{}" });
  const answers = await Promise.all(Array.from({ length: 30 }, post));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
  const lines = app.log.filter(({ level, message }) => level === "warn" && message.includes("refused"));
  expect(lines.map(({ fields }) => [fields.channel, fields.count])).toEqual([["clinic", 1]]);
  await eventually(async () => {
    const { body } = await app.api("GET", "/channels");
    const clinic = body.data.find(({ name }: { name: string }) => name === "clinic");
    expect(clinic).toMatchObject({
      state: "ok",
      last_error: expect.stringMatching(/^a webhook request was refused/),
    });
  });
});
