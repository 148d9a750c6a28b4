import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { updateWith } from "../channels/telegram-subject.ts";
import { eventually } from "../support/eventually.ts";
import { type SignedKind, SLACK, signers, TELEGRAM_SECRET } from "./secrets.ts";
import { startWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const kinds = Object.keys(signers) as SignedKind[];
const path = (kind: string) => `/webhooks/${kind}`;

/** A message that the channel would take, were it signed. */
const goodBody: Record<SignedKind, () => string> = {
  telegram: () => JSON.stringify(updateWith({ text: "hello" })),
  slack: () =>
    JSON.stringify({
      type: "event_callback",
      team_id: "T0TEAM0001",
      api_app_id: "A0APP00001",
      event_id: `Ev${Math.random().toString(36).slice(2, 12).toUpperCase()}`,
      event_time: 1_790_000_200,
      authorizations: [{ enterprise_id: null, team_id: "T0TEAM0001", user_id: "U0BOT00001", is_bot: true }],
      event: {
        type: "message",
        channel_type: "im",
        channel: "D0ADA00001",
        user: "U0ADA00001",
        text: "hello",
        ts: `1790000200.${String(Math.floor(Math.random() * 1e6)).padStart(6, "0")}`,
      },
    }),
  whatsapp: () =>
    new URLSearchParams({
      MessageSid: `SM${Math.random().toString(16).slice(2).padEnd(32, "0").slice(0, 32)}`,
      AccountSid: "AC0123456789abcdef0123456789abcdef",
      From: "whatsapp:+491700000001",
      To: "whatsapp:+14155238886",
      WaId: "491700000001",
      Body: "hello",
      NumMedia: "0",
    }).toString(),
  meta: () =>
    JSON.stringify({
      object: "whatsapp_business_account",
      entry: [
        {
          id: "1",
          changes: [
            {
              field: "messages",
              value: {
                messaging_product: "whatsapp",
                metadata: { phone_number_id: "106540352242922" },
                messages: [
                  {
                    from: "491700000001",
                    id: `wamid.${Math.random().toString(36).slice(2)}`,
                    timestamp: "1790000000",
                    type: "text",
                    text: { body: "hello" },
                  },
                ],
              },
            },
          ],
        },
      ],
    }),
  sureadhere: () => JSON.stringify({ message_text: "hello", patient_id: 4711 }),
};

const isSafe = (status: number) => status < 500;

describe("a webhook", () => {
  test("takes what its platform signed: what follows refuses something that would be taken", async () => {
    for (const kind of kinds) {
      const before = await world.messages();
      const body = goodBody[kind]();
      const answer = await world.post(path(kind), signers[kind](body), body);
      expect([kind, answer.status]).toEqual([kind, 200]);
      await eventually(async () => expect(await world.messages()).toBeGreaterThan(before));
    }
    // Every answer is there before anybody counts again.
    await eventually(async () => {
      const { rows } = await world.pool.query("SELECT 1 FROM sessions WHERE inbound_seq > answered_seq");
      expect(rows).toEqual([]);
    });
  });

  test("stores nothing of what is unsigned, whatever it is", async () => {
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
      ...kinds.map((kind) => fc.constant(goodBody[kind]())),
    );
    const request = fc.record({
      kind: fc.constantFrom(...kinds, "web", "api", "nobody"),
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

  test("survives whatever a platform might sign", async () => {
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
        const text =
          kind === "whatsapp"
            ? new URLSearchParams(
                Object.entries(Object(body)).map(([key, value]): [string, string] => [
                  key.toWellFormed(),
                  JSON.stringify(value).toWellFormed(),
                ]),
              ).toString()
            : JSON.stringify(body);
        const { status } = await world.post(path(kind), signers[kind](text), text);
        expect(isSafe(status), `${kind} ${text}`).toBe(true);
      }),
      { numRuns: 60 },
    );
    expect(Object.prototype).not.toHaveProperty("text");
  });

  test("is not let in by tricks with headers, methods, paths or another channel's signature", async () => {
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
      const body = goodBody[kind]();
      const good = signers[kind](body);
      const [name = ""] = Object.keys(good).filter((each) => /signature|secret/.test(each));
      const value = good[name as keyof typeof good] ?? "";
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
      if (kind !== "telegram" && kind !== "sureadhere") await attempt(path(kind), good, `${body} `);
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

  test("counts what is sent again once, and takes no signature of another time", async () => {
    const before = await world.messages();
    const body = goodBody.slack();
    const headers = signers.slack(body);
    const replays = await Promise.all(
      Array.from({ length: 20 }, () => world.post(path("slack"), headers, body)),
    );
    expect(new Set(replays.map(({ status }) => status))).toEqual(new Set([200]));
    const update = goodBody.telegram();
    for (let n = 0; n < 5; n++) await world.post(path("telegram"), signers.telegram(), update);
    // Two messages of users and their two answers.
    await eventually(async () => expect(await world.messages()).toBe(before + 4));
    const { signedHeaders } = await import("../support/fake-slack.ts");
    const now = Math.floor(Date.now() / 1000);
    for (const seconds of [now - 301, now + 301, 0, 99_999_999_999]) {
      const old = goodBody.slack();
      expect(
        (await world.post(path("slack"), signedHeaders(old, SLACK.signingSecret, seconds), old)).status,
      ).toBe(401);
    }
    expect(await world.messages()).toBe(before + 4);
  });

  test("takes no body beyond its limit, said or unsaid", async () => {
    const big = JSON.stringify({ update_id: 1, filler: "x".repeat(4 * 1024 * 1024 + 1) });
    expect((await world.post(path("telegram"), signers.telegram(), big)).status).toBe(413);
    const chunk = "x".repeat(65_536);
    const head = `POST /webhooks/telegram HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nX-Telegram-Bot-Api-Secret-Token: ${TELEGRAM_SECRET}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const chunks = `10000\r\n${chunk}\r\n`.repeat(70);
    expect(await world.raw(head + chunks, { untilMs: 10_000 })).toMatch(/^HTTP\/1\.1 413 /);
  });
});
