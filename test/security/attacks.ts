import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { WebSocket } from "ws";
import { newVisitor } from "../support/web-visitor.ts";
import { HalfOpen, headOf } from "./half-open.ts";
import { bodyOf, sign, signedChannels } from "./signed.ts";

/** A service with the channels of the samples, and a key for its API. */
export interface Target {
  url: string;
  apiKey: string;
}

export interface Attack {
  name: string;
  /** Resolves when everything is sent. Disposing the result closes the connections that it holds open. */
  begin(target: Target): Promise<AsyncDisposable>;
}

/** Attacks that once stopped the service for minutes, or made it refuse everybody else. */
export const ATTACKS: readonly Attack[] = [
  {
    name: "an unsigned form with one name two million times",
    async begin({ url }) {
      const headers = { ...sign("whatsapp", "a=b"), "content-type": "application/x-www-form-urlencoded" };
      await post(`${url}/webhooks/whatsapp`, headers, "a&".repeat(2 * 1024 * 1024 - 1));
      return nothingHeld;
    },
  },
  {
    name: "a body in a hundred thousand pieces that never ends",
    async begin({ url }) {
      const attacker = new HalfOpen(url);
      await attacker.begin(headOf("/web/web/visitors"), "1\r\n \r\n".repeat(100_000));
      return held(() => attacker[Symbol.dispose]());
    },
  },
  {
    name: "thirty large bodies that never end",
    async begin({ url }) {
      const attacker = new HalfOpen(url);
      const size = 1024 * 1024;
      for (let n = 0; n < 30; n++)
        await attacker.begin(headOf("/web/web/visitors", {}, size), Buffer.alloc(size - 1, " "));
      return held(() => attacker[Symbol.dispose]());
    },
  },
  {
    name: "a socket that sends pings without end",
    begin: (target) => bySocket(target, Array(6_000).fill({ type: "ping" })),
  },
  {
    name: "a socket that sends long messages behind a reset",
    begin: (target) =>
      bySocket(target, [
        { type: "message", content: "hello" },
        { type: "message", content: "/reset" },
        ...Array(20).fill({ type: "message", content: "€".repeat(200_000) }),
      ]),
  },
  {
    name: "one address with many visitors and more messages",
    async begin({ url }) {
      const visitors = await Promise.all(
        Array.from({ length: 10 }, async () => {
          const visitor = await newVisitor(url);
          return { visitor, session: await visitor.openSession() };
        }),
      );
      const messages = visitors.flatMap((each) => Array<typeof each>(10).fill(each));
      await Promise.all(
        messages.map(({ visitor, session }) => visitor.send(session, "hello", randomUUID()).catch(ignore)),
      );
      return nothingHeld;
    },
  },
  {
    name: "signed messages that are nothing but dots, spaces or mentions",
    async begin({ url }) {
      const texts = [`${".".repeat(39_990)}x`, `${" ".repeat(39_990)}x`, "<@U0BOT00001".repeat(3_300)];
      for (const channel of signedChannels) {
        for (const text of texts) {
          const body = bodyOf(channel, { text });
          await post(`${url}/webhooks/${channel}`, sign(channel, body), body);
        }
      }
      return nothingHeld;
    },
  },
  {
    name: "a schedule rule that takes for ever to compute",
    async begin({ url, apiKey }) {
      const upTo = (from: number, to: number) =>
        Array.from({ length: to - from + 1 }, (_, n) => from + n).join();
      const rrule = `FREQ=YEARLY;BYMONTH=${upTo(1, 12)};BYMONTHDAY=${upTo(1, 31)};BYHOUR=${upTo(0, 23)};BYMINUTE=${upTo(0, 49)};BYSETPOS=366;COUNT=900`;
      const body = { agent_id: "echo", channel: "api", identifier: "ada", message_text: "hello", rrule };
      const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
      await post(`${url}/api/v1/schedules`, headers, JSON.stringify({ ...body, timezone: "Europe/Berlin" }));
      return nothingHeld;
    },
  },
];

const ignore = () => undefined;
const nothingHeld: AsyncDisposable = { [Symbol.asyncDispose]: async () => undefined };
const held = (release: () => void): AsyncDisposable => ({ [Symbol.asyncDispose]: async () => release() });

/** Posts a body. The service may answer or close the connection. */
async function post(url: string, headers: Record<string, string>, body: string): Promise<void> {
  const answer = await fetch(url, { method: "POST", headers, body }).catch(ignore);
  await answer?.text().catch(ignore);
}

async function bySocket({ url, apiKey }: Target, frames: readonly object[]): Promise<AsyncDisposable> {
  const call = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
    const answer = await fetch(`${url}/api/v1${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    return (await answer.json()) as { id: string; path: string };
  };
  const { id } = await call("/chat/sessions", { agent_id: "echo" });
  const { path } = await call(`/chat/sessions/${id}/ws_token`, {});
  const socket = new WebSocket(`${url.replace("http", "ws")}${path}`);
  socket.on("error", ignore);
  await once(socket, "open");
  for (const frame of frames) socket.send(JSON.stringify(frame), ignore);
  return held(() => socket.terminate());
}
