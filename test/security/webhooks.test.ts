import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { SLACK, TELEGRAM_SECRET } from "./secrets.ts";
import { goodBody, postsForms, sign, signedChannels, signsBody, unsignedChannels } from "./signed.ts";
import { startWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const kinds = signedChannels;
const path = (kind: string) => `/webhooks/${kind}`;

const isSafe = (status: number) => status < 500;

describe("a webhook", () => {
  test("accepts a message that its platform signed", async () => {
    for (const kind of kinds) {
      const before = await world.messages();
      const body = goodBody(kind);
      const answer = await world.post(path(kind), sign(kind, body), body);
      expect([kind, answer.status]).toEqual([kind, 200]);
      await eventually(async () => expect(await world.messages()).toBeGreaterThan(before));
    }
    // Waits for every answer, so that later counts are stable.
    await eventually(async () => {
      const { rows } = await world.pool.query("SELECT 1 FROM sessions WHERE inbound_seq > answered_seq");
      expect(rows).toEqual([]);
    });
  });

  test("stores nothing from unsigned requests, whatever they contain", async () => {
    const before = await world.messages();
    const header = fc.constantFrom(
      "x-telegram-bot-api-secret-token",
      "x-slack-signature",
      "x-slack-request-timestamp",
      "x-hub-signature-256",
      "x-twilio-signature",
      "x-webhook-secret",
      "authorization",
      "x-http-method-override",
      "x-original-url",
      "x-forwarded-host",
    );
    const word = fc.string({ unit: fc.constantFrom(..."abcXYZ019=:,;/ -_%v0sha256"), maxLength: 40 });
    const type = fc.constantFrom(
      "application/json",
      "application/x-www-form-urlencoded",
      "text/plain",
      "a/b;c",
    );
    const body = fc.oneof(
      fc.json(),
      fc.string({ unit: "binary", maxLength: 200 }),
      ...kinds.map((kind) => fc.constant(goodBody(kind))),
    );
    const request = fc.record({
      kind: fc.constantFrom(...kinds, ...unsignedChannels, "nobody"),
      headers: fc.dictionary(header, word, { maxKeys: 4 }),
      type,
      body,
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ kind, headers, type: contentType, body: text }) => {
        const { status } = await world.post(path(kind), { ...headers, "content-type": contentType }, text);
        expect([400, 401, 404, 415]).toContain(status);
      }),
      { numRuns: 60 },
    );
    expect(await world.messages()).toBe(before);
  });

  test("survives any content that a platform might sign", async () => {
    const shapes = fc.object({
      maxDepth: 4,
      key: fc.constantFrom(
        "update_id",
        "message",
        "chat",
        "from",
        "text",
        "event",
        "type",
        "entry",
        "changes",
        "value",
        "messages",
        "patient_id",
        "message_text",
        "MessageSid",
        "__proto__",
        "constructor",
        "toString",
      ),
      values: [fc.string(), fc.integer(), fc.constant(null), fc.boolean(), fc.constant("message")],
    });
    const signed = fc.record({ kind: fc.constantFrom(...kinds), body: fc.oneof(shapes, fc.jsonValue()) });
    await fc.assert(
      fc.asyncProperty(signed, async ({ kind, body }) => {
        const text = postsForms(kind)
          ? new URLSearchParams(
              Object.entries(Object(body)).map(([key, value]): [string, string] => [
                key.toWellFormed(),
                JSON.stringify(value).toWellFormed(),
              ]),
            ).toString()
          : JSON.stringify(body);
        const { status } = await world.post(path(kind), sign(kind, text), text);
        expect(isSafe(status), `${kind} ${text}`).toBe(true);
      }),
      { numRuns: 60 },
    );
    expect(Object.prototype).not.toHaveProperty("text");
  });

  test("is not accepted through changed headers, methods, paths or another channel's signature", async () => {
    const before = await world.messages();
    const statuses: number[] = [];
    const attempt = async (url: string, headers: Record<string, string>, body: string, method = "POST") => {
      const answer = await fetch(`${world.url}${url}`, {
        method,
        headers,
        ...(method === "GET" ? {} : { body }),
        redirect: "manual",
      });
      statuses.push(answer.status);
    };
    for (const kind of kinds) {
      const body = goodBody(kind);
      const good = sign(kind, body);
      const [name = ""] = Object.keys(good).filter((each) => /signature|secret/.test(each));
      const value = good[name] ?? "";
      for (const wrong of [
        "",
        value.slice(0, -1),
        `${value}x`,
        `${value}, ${value}`,
        value.toUpperCase(),
        "null",
      ]) {
        if (wrong !== value) await attempt(path(kind), { ...good, [name]: wrong }, body);
      }
      // Signed, and then changed.
      if (signsBody(kind)) await attempt(path(kind), good, `${body} `);
      for (const other of kinds.filter((each) => each !== kind)) await attempt(path(other), good, body);
      for (const method of ["GET", "PUT", "DELETE"]) await attempt(path(kind), good, body, method);
      await attempt(`${path(kind)}/../nobody`, good, body);
      await attempt(`${path(kind)}%2f..%2ftelegram`, { "content-type": "application/json" }, body);
      await attempt(`/webhooks/%00`, good, body);
      await attempt(`/webhooks/%ff`, good, body);
      await attempt(`/webhooks/__proto__`, good, body);
      await attempt(`/webhooks/constructor`, good, body);
    }
    expect(statuses.filter((status) => status < 400 || status >= 500)).toEqual([]);
    expect(await world.messages()).toBe(before);
  });

  test("counts a repeated message once, and rejects a signature from another time", async () => {
    const before = await world.messages();
    const body = goodBody("slack");
    const headers = sign("slack", body);
    const replays = await Promise.all(
      Array.from({ length: 20 }, () => world.post(path("slack"), headers, body)),
    );
    expect(new Set(replays.map(({ status }) => status))).toEqual(new Set([200]));
    const update = goodBody("telegram");
    for (let n = 0; n < 5; n++) await world.post(path("telegram"), sign("telegram"), update);
    // Two messages of users and their two answers.
    await eventually(async () => expect(await world.messages()).toBe(before + 4));
    const { signedHeaders } = await import("../support/fake-slack.ts");
    const now = Math.floor(Date.now() / 1000);
    // A minute beyond the limit of five, because time passes between these requests.
    for (const seconds of [now - 360, now + 360, 0, 99_999_999_999]) {
      const old = goodBody("slack");
      expect(
        (await world.post(path("slack"), signedHeaders(old, SLACK.signingSecret, seconds), old)).status,
      ).toBe(401);
    }
    expect(await world.messages()).toBe(before + 4);
  });

  test("is refused by its headers if they cannot be genuine, without waiting for its body", async () => {
    const json = "Content-Type: application/json";
    const now = Math.floor(Date.now() / 1000);
    const hex = "0".repeat(64);
    const heads: [string, ...string[]][] = [
      ["telegram"],
      ["telegram", json, "X-Telegram-Bot-Api-Secret-Token: guess"],
      ["telegram", "Content-Type: text/plain", `X-Telegram-Bot-Api-Secret-Token: ${TELEGRAM_SECRET}`],
      ["sureadhere", json],
      ["sureadhere", json, "X-Webhook-Secret: guess"],
      ["sureadhere?secret=guess", json],
      ["slack", json],
      ["slack", json, `X-Slack-Signature: v0=${hex}`],
      ["slack", json, `X-Slack-Request-Timestamp: ${now}`],
      ["slack", json, `X-Slack-Request-Timestamp: ${now}`, "X-Slack-Signature: v0=0"],
      ["slack", json, `X-Slack-Request-Timestamp: ${now - 400}`, `X-Slack-Signature: v0=${hex}`],
      ["whatsapp"],
      ["whatsapp", "X-Twilio-Signature: AAAA"],
      ["whatsapp/status", `X-Twilio-Signature: ${hex}`],
      ["meta", json],
      ["meta", json, `X-Hub-Signature: sha1=${hex.slice(0, 40)}`],
      ["meta", json, `X-Hub-Signature-256: ${hex}`],
      ...kinds.map((kind): [string, string] => [kind, `Content-Type: ${sign(kind)["content-type"]}`]),
      ...[...unsignedChannels, "nobody"].map((name): [string, string] => [name, json]),
    ];
    const answers = heads.map(async ([name, ...headers]) => {
      const lines = [
        `POST /webhooks/${name} HTTP/1.1`,
        "Host: a",
        "Content-Length: 100000",
        ...headers,
        "",
        "{",
      ];
      // No more of the body comes, and the connection stays open.
      const answer = await world.raw(lines.join("\r\n"), { untilMs: 20_000, until: "\r\n\r\n" });
      return [name, ...headers, answer.slice(9, 12)];
    });
    const status = (name: string, headers: string[]) =>
      [...unsignedChannels, "nobody"].includes(name)
        ? "404"
        : headers.includes("Content-Type: text/plain")
          ? "415"
          : "401";
    expect(await Promise.all(answers)).toEqual(
      heads.map(([name, ...headers]) => [name, ...headers, status(name, headers)]),
    );
  });

  test("accepts no body over its limit, with or without a declared length", async () => {
    const big = JSON.stringify({ update_id: 1, filler: "x".repeat(4 * 1024 * 1024 + 1) });
    expect((await world.post(path("telegram"), sign("telegram"), big)).status).toBe(413);
    const chunk = "x".repeat(65_536);
    const head = `POST /webhooks/telegram HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nX-Telegram-Bot-Api-Secret-Token: ${TELEGRAM_SECRET}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const chunks = `10000\r\n${chunk}\r\n`.repeat(70);
    expect(await world.raw(head + chunks, { untilMs: 10_000 })).toMatch(/^HTTP\/1\.1 413 /);
  });
});
