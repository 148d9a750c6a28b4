import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Causeway, type CausewayError, type Message } from "../../src/client/index.ts";
import type { TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { pdf, png } from "../support/files.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { startChatApp } from "./chat-app.ts";

const bot = createScriptedBot((call) => {
  const files = call.turn.input.flatMap(({ attachments }) => attachments);
  call.reply(`${call.texts.join()}|${files.map(({ name, contentType }) => `${name} ${contentType}`).join()}`);
});

let app: TestApp;
let client: Causeway;

beforeAll(async () => {
  app = await startChatApp({
    agents: { scripted: { bot: { type: "scripted" } } },
    bots: { scripted: bot.definition },
    env: { CAUSEWAY_ATTACHMENT_MIB: "1" },
  });
  client = new Causeway({ baseUrl: app.url, apiKey: app.apiKey, maxRetries: 0 });
});
afterAll(() => app[Symbol.asyncDispose]());

const open = () => client.chat.createSession({ agentId: "scripted" });
const image = () => new Blob([new Uint8Array(png)], { type: "image/png" });

async function messagesOf(sessionId: string): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of client.chat.listMessages(sessionId)) messages.push(message);
  return messages;
}

async function refusal(call: Promise<unknown>): Promise<[number, string]> {
  return call.then(
    () => [0, "no refusal"],
    (error: CausewayError) => [error.status, error.code],
  );
}

/** The raw content, as a browser or a bot would request it. */
function get(path: string, headers: Record<string, string> = {}, method = "GET") {
  const url = path.startsWith("http") ? path : `${app.url}${path}`;
  return fetch(url, { method, headers: { authorization: `Bearer ${app.apiKey}`, ...headers } });
}

describe("an uploaded file", () => {
  test("is sent with a message, reaches the bot, and can be downloaded", async () => {
    const session = await open();
    const uploaded = await client.chat.uploadAttachment(session.id, image(), { name: "../a\u202Egpj.png" });
    expect(uploaded).toEqual({
      id: expect.any(String),
      kind: "image",
      name: "agpj.png",
      contentType: "image/png",
      bytes: png.length,
      state: "stored",
      error: null,
      url: `/api/v1/attachments/${uploaded.id}/content`,
    });
    const answer = await client.chat.sendMessage(session.id, { attachmentIds: [uploaded.id] });
    expect(answer.content).toBe("|agpj.png image/png");
    const [message] = await messagesOf(session.id);
    expect(message).toMatchObject({ content: "", attachments: [uploaded] });

    const downloaded = await client.chat.downloadAttachment(uploaded.id);
    expect(Buffer.from(await downloaded.arrayBuffer()).equals(png)).toBe(true);
    expect((await app.api("GET", `/attachments/${uploaded.id}`)).body).toMatchObject({ id: uploaded.id });
  });

  test("creates one upload and one message, even if the calls are repeated", async () => {
    const session = await open();
    const upload = () =>
      client.chat.uploadAttachment(session.id, image(), {}, { idempotencyKey: `up-${session.id}` });
    const [first, again] = [await upload(), await upload()];
    expect(again).toEqual(first);
    const other = new Blob(["else"], { type: "text/plain" });
    const reused = client.chat.uploadAttachment(
      session.id,
      other,
      {},
      { idempotencyKey: `up-${session.id}` },
    );
    expect(await refusal(reused)).toEqual([409, "idempotency_key_reused"]);

    const send = () =>
      client.chat.sendMessage(
        session.id,
        { content: "look", attachmentIds: [first.id] },
        { idempotencyKey: `say-${session.id}` },
      );
    const answers = [await send(), await send()];
    expect(answers[0]?.id).toBe(answers[1]?.id);
    const again2 = client.chat.sendMessage(session.id, { content: "again", attachmentIds: [first.id] });
    expect(await refusal(again2)).toEqual([409, "attachment_already_sent"]);
  });

  test("is accepted for one of two simultaneous messages that name it; the other gets an error", async () => {
    const session = await open();
    const [first, second] = [
      await client.chat.uploadAttachment(session.id, image()),
      await client.chat.uploadAttachment(session.id, image()),
    ];
    const ids = [first.id, second.id];
    const send = (content: string, attachmentIds: string[]) =>
      client.chat.sendMessage(session.id, { content, attachmentIds }).then(
        () => "sent",
        ({ status, code }: { status: number; code: string }) => `${status} ${code}`,
      );
    const outcomes = await Promise.all([
      send("one", ids),
      send("two", [...ids].reverse()),
      send("three", [first.id]),
    ]);
    expect(outcomes.filter((outcome) => outcome !== "sent")).toEqual(
      Array(outcomes.length - 1).fill("409 attachment_already_sent"),
    );
    const said = (await messagesOf(session.id)).filter(({ role }) => role === "user");
    const content = ["one", "two", "three"][outcomes.indexOf("sent")];
    expect(said).toMatchObject([{ content, attachments: expect.any(Array) }]);
    expect(said[0]?.attachments).toHaveLength(content === "three" ? 1 : 2);
  });

  test("belongs to its session; another session cannot use it", async () => {
    const [session, other] = [await open(), await open()];
    const uploaded = await client.chat.uploadAttachment(session.id, image());
    for (const id of [uploaded.id, "0".repeat(27), "no-id"]) {
      const sent = client.chat.sendMessage(other.id, { content: "mine?", attachmentIds: [id] });
      expect(await refusal(sent)).toEqual([404, "attachment_not_found"]);
    }
    expect(await messagesOf(other.id)).toEqual([]);
  });

  test("follows its message into the session after a completed one", async () => {
    const session = await open();
    const uploaded = await client.chat.uploadAttachment(session.id, image(), { name: "a.png" });
    await app.api("POST", `/chat/sessions/${session.id}/end`, {});
    const answer = await client.chat.sendMessage(session.id, { content: "hi", attachmentIds: [uploaded.id] });
    expect(answer.sessionId).not.toBe(session.id);
    expect(answer.content).toBe("hi|a.png image/png");
    expect((await app.api("DELETE", `/chat/sessions/${session.id}`)).status).toBe(204);
    expect((await get(`/api/v1/attachments/${uploaded.id}/content`)).status).toBe(200);
    expect((await app.api("DELETE", `/chat/sessions/${answer.sessionId}`)).status).toBe(204);
    expect((await get(`/api/v1/attachments/${uploaded.id}/content`)).status).toBe(404);
  });

  test("is refused if it is empty or too large; so is a message without text or file", async () => {
    const session = await open();
    expect(await refusal(client.chat.uploadAttachment(session.id, new Blob([])))).toEqual([
      422,
      "empty_file",
    ]);
    const large = new Blob([new Uint8Array(1024 * 1024 + 1)]);
    expect(await refusal(client.chat.uploadAttachment(session.id, large))).toEqual([413, "body_too_large"]);
    expect(await refusal(client.chat.sendMessage(session.id, { content: " " }))).toEqual([
      422,
      "invalid_body",
    ]);
    const many = Array.from({ length: 11 }, (_, index) => String(index));
    expect(await refusal(client.chat.sendMessage(session.id, { attachmentIds: many }))).toEqual([
      422,
      "invalid_body",
    ]);
  });
});

describe("the content of a file", () => {
  test.each([
    ["an image", png, "text/html", "image/png", /^inline$/],
    ["a PDF", pdf, "application/pdf", "application/pdf", /^attachment$/],
    ["a page", Buffer.from("<script>alert(1)</script>"), "text/html", "text/html", /^attachment$/],
    ["a drawing", Buffer.from("<svg onload='x()'/>"), "image/svg+xml", "text/plain", /^attachment$/],
    [
      "a file of unknown type",
      Buffer.from([0, 1, 2, 3]),
      "image/png",
      "application/octet-stream",
      /^attachment$/,
    ],
    ["a recording of an unknown format", Buffer.from([0, 1, 2, 3]), "audio/x-own", "audio/x-own", /^inline$/],
  ])("is served with a safe type and cannot run scripts: %s", async (_, content, claimed, type, how) => {
    const session = await open();
    const blob = new Blob([new Uint8Array(content)], { type: claimed });
    const { url } = await client.chat.uploadAttachment(session.id, blob);
    const response = await get(url ?? "");
    expect(response.headers.get("content-type")).toBe(type);
    expect(response.headers.get("content-disposition")).toMatch(how);
    expect(response.headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
  });

  test("can be read in ranges, and HEAD reads no content", async () => {
    const session = await open();
    const digits = new Blob(["0123456789"], { type: "text/plain" });
    const { url } = await client.chat.uploadAttachment(session.id, digits, { name: 'größe "1".txt' });
    const part = async (range: string) => {
      const response = await get(url ?? "", { range });
      return [response.status, response.headers.get("content-range"), await response.text()];
    };
    expect(await part("bytes=2-4")).toEqual([206, "bytes 2-4/10", "234"]);
    expect(await part("bytes=7-")).toEqual([206, "bytes 7-9/10", "789"]);
    expect(await part("bytes=-2")).toEqual([206, "bytes 8-9/10", "89"]);
    expect(await part("bytes=0-99")).toEqual([206, "bytes 0-9/10", "0123456789"]);
    expect(await part("lines=1-2")).toEqual([200, null, "0123456789"]);
    expect((await part("bytes=10-"))[0]).toBe(416);
    const head = await get(url ?? "", {}, "HEAD");
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "10", ""]);
    expect(head.headers.get("content-disposition")).toBe(
      "attachment; filename=\"gr__e _1_.txt\"; filename*=UTF-8''gr%C3%B6%C3%9Fe%20_1_.txt",
    );
  });

  test("opens without a key through the bot's signed link, but not through a changed link", async () => {
    const session = await open();
    const uploaded = await client.chat.uploadAttachment(session.id, image());
    await client.chat.sendMessage(session.id, { content: "link", attachmentIds: [uploaded.id] });
    const call = await bot.asked("link");
    const [file] = call.turn.input.flatMap(({ attachments }) => attachments);
    expect((await file?.content())?.equals(png)).toBe(true);
    const link = new URL(file?.url ?? "");
    const opened = await fetch(`${app.url}${link.pathname}${link.search}`);
    expect([opened.status, opened.headers.get("content-type")]).toEqual([200, "image/png"]);
    const forged = [
      link.search.replace(/expires=\d/, "expires=9"),
      link.search.replace(/signature=./, "signature=."),
      "",
      "?expires=1&signature=",
    ];
    for (const search of forged) {
      expect((await fetch(`${app.url}${link.pathname}${search}`)).status).toBe(403);
    }
    await app.api("DELETE", `/chat/sessions/${session.id}`);
    await eventually(async () => {
      expect((await fetch(`${app.url}${link.pathname}${link.search}`)).status).toBe(404);
    });
  });

  test("is refused to keys that may not read sessions", async () => {
    const session = await open();
    const { url } = await client.chat.uploadAttachment(session.id, image());
    const { body } = await app.api("POST", "/api_keys", { name: "writer", scopes: ["messages:write"] });
    expect((await get(url ?? "", { authorization: `Bearer ${body.secret ?? body.key}` })).status).toBe(403);
    expect((await fetch(`${app.url}${url}`)).status).toBe(401);
  });
});

test("a file is deleted after its retention time, and its row says so", async () => {
  await using short = await startChatApp({ env: { CAUSEWAY_ATTACHMENT_DAYS: "1" } });
  const caller = new Causeway({ baseUrl: short.url, apiKey: short.apiKey, maxRetries: 0 });
  const session = await caller.chat.createSession({ agentId: "echo" });
  const [sent, unsent] = [
    await caller.chat.uploadAttachment(session.id, image()),
    await caller.chat.uploadAttachment(session.id, image()),
  ];
  await caller.chat.sendMessage(session.id, { attachmentIds: [sent.id] });
  const { pool } = short.app.engine.database;
  await pool.query("UPDATE attachments SET created_at = now() - interval '2 days'");
  await short.app.attachments.sweep();
  await eventually(async () => {
    expect((await short.api("GET", `/attachments/${sent.id}`)).body).toMatchObject({
      state: "expired",
      url: null,
    });
    expect((await short.api("GET", `/attachments/${unsent.id}`)).status).toBe(404);
    for (const id of [sent.id, unsent.id]) expect(await short.app.attachments.openFile(id)).toBe(null);
  });
  expect((await short.api("GET", `/attachments/${sent.id}/content`)).status).toBe(409);
});
