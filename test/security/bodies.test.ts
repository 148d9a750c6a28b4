import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { newVisitor } from "../support/web-visitor.ts";
import { HalfOpen, headOf } from "./half-open.ts";
import { TELEGRAM_SECRET } from "./secrets.ts";
import { goodBody, sign, signedChannels } from "./signed.ts";
import { startWorld, type World } from "./world.ts";

const KIB = 1024;
/** The memory for unfinished bodies. One sender gets half; each attacking request announces more than that. */
const ROOM = 256 * KIB;
/** This many bodies of 30 KiB exceed that memory. */
const MANY = 12;

let world: World;
beforeAll(async () => {
  world = await startWorld({}, { bodies: { unproven: ROOM, visitor: ROOM, known: ROOM } });
});
afterAll(() => world[Symbol.asyncDispose]());

const kinds = signedChannels;
const hex = "0".repeat(64);
/** Invalid signatures in the format of each platform. */
const madeUp: Record<string, () => Record<string, string>> = {
  "/webhooks/slack": () => ({
    "X-Slack-Request-Timestamp": String(Math.floor(Date.now() / 1000)),
    "X-Slack-Signature": `v0=${hex}`,
  }),
  "/webhooks/whatsapp": () => ({ "X-Twilio-Signature": `${"A".repeat(27)}=` }),
  "/webhooks/meta": () => ({ "X-Hub-Signature-256": `sha256=${hex}` }),
  "/web/web/visitors": () => ({}),
};

/** Expects that messages of every known sender are accepted: platforms, visitors, and holders of keys. */
async function expectTaken(): Promise<void> {
  const statuses: [string, number][] = [];
  for (const kind of kinds) {
    const body = goodBody(kind);
    statuses.push([kind, (await world.post(`/webhooks/${kind}`, sign(kind, body), body)).status]);
  }
  const visitor = await newVisitor(world.url);
  const session = await visitor.openSession();
  statuses.push(["web", (await visitor.send(session, "hello")).status]);
  statuses.push(["api", (await world.app.api("POST", "/chat/sessions", { agent_id: "echo" })).status]);
  expect(statuses).toEqual([...kinds.map((kind) => [kind, 200]), ["web", 202], ["api", 201]]);
}

describe("a client that starts bodies and then sends nothing does not block others", () => {
  test("with many tiny chunks, which use only as much memory as they contain", async () => {
    using attacker = new HalfOpen(world.url);
    await attacker.begin(headOf("/web/web/visitors"), "1\r\n \r\n".repeat(100_000));
    await expectTaken();
  });

  test.each(Object.keys(madeUp))("with bodies of the largest allowed size, at %s", async (path) => {
    using attacker = new HalfOpen(world.url);
    const headers = madeUp[path]?.() ?? {};
    for (let n = 0; n < MANY; n++)
      await attacker.begin(headOf(path, headers, 200 * KIB), Buffer.alloc(30 * KIB, " "));
    await expectTaken();
  });

  test("from many addresses", async () => {
    using attacker = new HalfOpen(world.url);
    for (let n = 0; n < 3 * MANY; n++) {
      const headers = { ...madeUp["/webhooks/meta"]?.(), "X-Forwarded-For": `203.0.113.${n}` };
      await attacker.begin(headOf("/webhooks/meta", headers, 200 * KIB), Buffer.alloc(30 * KIB, " "));
    }
    await expectTaken();
  });

  test("as a platform whose secret leaked, on the other channels", async () => {
    using attacker = new HalfOpen(world.url);
    const headers = { "X-Telegram-Bot-Api-Secret-Token": TELEGRAM_SECRET };
    for (let n = 0; n < MANY; n++)
      await attacker.begin(headOf("/webhooks/telegram", headers, 200 * KIB), Buffer.alloc(30 * KIB, " "));
    const body = goodBody("sureadhere");
    expect((await world.post("/webhooks/sureadhere", sign("sureadhere"), body)).status).toBe(200);
    // The channel itself drops senders that were silent for a moment.
    await eventually(expectTaken);
  });

  test("as a visitor or with a key, for other clients", async () => {
    using attacker = new HalfOpen(world.url);
    const visitor = await newVisitor(world.url);
    const session = await visitor.openSession();
    const { body: key } = await world.app.api("POST", "/api_keys", { name: "a", scopes: ["messages:write"] });
    const ways: [string, string][] = [
      [`/web/web/sessions/${session}/messages`, visitor.token],
      [`/api/v1/chat/sessions/${session}/messages`, key.secret ?? key.key],
    ];
    for (const [path, token] of ways) {
      const headers = { Authorization: `Bearer ${token}`, "X-Forwarded-For": "203.0.113.7" };
      for (let n = 0; n < MANY; n++)
        await attacker.begin(headOf(path, headers, 200 * KIB), Buffer.alloc(30 * KIB, " "));
    }
    await expectTaken();
  });
});

test("a body arrives complete, however it is split into chunks", async () => {
  const said = (content: string) => Buffer.from(JSON.stringify({ content }));
  const [short, long] = ["€".repeat(1_000), "€".repeat(20_000)];
  const { body: session } = await world.app.api("POST", "/chat/sessions", { agent_id: "echo" });
  const head = headOf(`/api/v1/chat/sessions/${session.id}/messages`, {
    "X-API-Key": world.app.apiKey,
    Connection: "close",
  });
  for (const size of [1, 7, 4_095, 4_096, 4_097, 65_536]) {
    const bytes = said(size < 10 ? short : long);
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      const chunk = bytes.subarray(at, at + size);
      chunks.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n"));
    }
    const answer = await world.raw(Buffer.concat([Buffer.from(head), ...chunks, Buffer.from("0\r\n\r\n")]), {
      untilMs: 30_000,
    });
    expect([size, answer.slice(9, 12)]).toEqual([size, "201"]);
  }
  const { body: list } = await world.app.api("GET", `/chat/sessions/${session.id}/messages`);
  const kept = list.data.filter(({ role }: { role: string }) => role === "user");
  expect(new Set(kept.map(({ content }: { content: string }) => content))).toEqual(new Set([short, long]));
});
