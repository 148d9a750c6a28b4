import { connect } from "node:net";
import { expect } from "vitest";
import { SECRET_TOKEN } from "../channels/telegram-subject.ts";
import { message, patiently, post } from "../stories/conversations.ts";
import type { World } from "./world.ts";

/** Texts that often break databases, encodings and platforms. Each is a normal message and must get its answer. */
const TEXTS = [
  "a\u0000b",
  "\ud800 half a pair",
  "x".repeat(4_096),
  "👩‍👩‍👧‍👦".repeat(300),
  "{user_name} {{ session.metadata.x }}",
  "'; DROP TABLE messages; --",
  "*_`[(~>#",
];

/** Bodies that are no update. They are refused or ignored, and never delay other messages. */
const BODIES = [
  "",
  "{",
  "null",
  "[]",
  '{"update_id":"x"}',
  '{"update_id":1e400,"message":{}}',
  `{"a":${"[".repeat(2_000)}${"]".repeat(2_000)}}`,
  '{"__proto__":{"admin":true},"update_id":5,"message":{"constructor":{}}}',
];

/**
 * Sends unreadable input, both as the platform would and as no platform would. Then it waits for the answers that must
 * come.
 */
export async function poison(world: World): Promise<void> {
  const [url = ""] = world.urls();
  const chat = 800_000 + world.fake.calls.length;
  for (const [nth, text] of TEXTS.entries()) expect(await post(url, message(chat + nth, text))).toBe(200);
  for (const body of BODIES) {
    const { status } = await fetch(`${url}/webhooks/telegram`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-telegram-bot-api-secret-token": SECRET_TOKEN },
      body,
    });
    expect([200, 400]).toContain(status);
  }
  await malformedRequest(new URL(url));
  await patiently(() => {
    const answered = new Set(world.fake.sent.map(({ chatId }) => chatId));
    expect(TEXTS.filter((_, nth) => !answered.has(chat + nth))).toEqual([]);
  });
}

/** Bytes that are not HTTP: the connection is closed, and the server continues. */
async function malformedRequest({ hostname, port }: URL): Promise<void> {
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), hostname, () =>
      socket.end("POST /webhooks/telegram HTTP/9\r\n\u0001: x\r\n\r\n"),
    );
    socket.resume();
    socket.once("error", () => undefined).once("close", () => resolve());
  });
}
