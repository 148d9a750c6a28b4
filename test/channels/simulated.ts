import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { RawRequest } from "../../src/channels/channel-webhook.ts";
import { startAlone } from "../../src/simulator/alone.ts";
import type { Connection, PlatformName, SeenMessage } from "../../src/simulator/connection.ts";
import type { FaultName, ScriptedAnswer } from "../../src/simulator/wire/faults.ts";
import { eventually } from "../support/eventually.ts";
import { startLoopbackServer } from "../support/loopback-server.ts";
import type { VendorFault } from "./conformance-subject.ts";

/** A bot on the simulator, with the address at which it hears from the platform. */
export type Simulated = Awaited<ReturnType<typeof startSimulated>>;

/** Starts the simulator with the bot of this name: `telegram`, `slack`, `twilio` or `meta`. */
export async function startSimulated(platform: PlatformName, name: string = platform) {
  const mailbox = await startMailbox();
  const url = `${mailbox.origin}/webhooks/${platform}`;
  const urls = { slack: url, twilio: url, meta: url };
  const alone = await startAlone({ platforms: [platform], port: 0, urls });
  const { simulator } = alone;
  const phone = simulator.connections().find((each) => each.name === name) as Connection;
  const sockets = new Set<Socket>();
  const webSockets = new Set<Duplex>();

  alone.server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  alone.server.on("upgrade", (_request, socket) => {
    webSockets.add(socket);
    socket.once("close", () => webSockets.delete(socket));
  });

  const fault = (given: FaultName, seconds?: number) =>
    void simulator.faults.add({ platform, fault: given, times: 1, seconds });

  async function fail(kind: VendorFault): Promise<void> {
    if (kind === "rate_limited") fault("rate_limit", 7);
    else if (kind === "recipient_gone") fault("block_user");
    else if (kind === "server_error") fault("error_500");
    else if (kind === "answer_lost") fault("cut");
    else if (kind === "credentials_revoked") void simulator.faults.add({ platform, fault: "revoke_token" });
    else await alone.close();
  }

  const close = async () => {
    await alone.close();
    await mailbox.close();
  };
  return {
    phone,
    mailbox,
    simulator,
    fail,
    fault,
    /** Makes the platform answer the next call of this name so. */
    answerNext: (call: string, answer: ScriptedAnswer) =>
      void simulator.faults.add({ platform, fault: "answer", call, answer, times: 1 }),
    openConnections: () => sockets.size,
    /** True while a bot holds a WebSocket open. */
    hasSocket: () => webSockets.size > 0,
    /** Breaks every connection without a word. */
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    /** The bot's messages that the user of a chat sees, oldest first. */
    fromBot: (chat: string): SeenMessage[] => phone.look(chat).messages.filter(({ from }) => from === "bot"),
    /** Says something as the user of a chat. Returns the request that brings it to the bot. */
    say(chat: string, text: string, thread: string | null = null): Promise<RawRequest> {
      const said = { text, from: null, thread, replyTo: null, file: null };
      return mailbox.after(() => phone.say(chat, said));
    },
    close,
  };
}

/** A bot's address: takes what the platform posts, and keeps it as a channel would get it. */
async function startMailbox() {
  const posted: RawRequest[] = [];
  let isUp = true;
  const server = await startLoopbackServer(
    async (request, response) => {
      const { method = "", url = "", headers } = request;
      const body = await buffer(request);
      const challenge = new URL(url, "http://localhost").searchParams.get("hub.challenge");
      if (isUp && challenge === null) posted.push({ method, url, headers: plain(headers), body });
      response.writeHead(isUp ? 200 : 503).end(challenge ?? "");
    },
    (response) => response.destroy(),
  );
  const { origin, close } = server;
  /** The first request from this number on for which the test holds. */
  const find = (holds: (request: RawRequest) => boolean, from = 0) =>
    eventually(() => {
      const found = posted.slice(from).find(holds);
      if (found === undefined) throw new Error("the platform has not posted it");
      return found;
    });
  return {
    origin,
    close,
    find: (...words: string[]) => find(({ body }) => words.every((word) => body.includes(word))),
    /** Lets a user act. Returns the request that tells the bot of it. Reports on messages are no such request. */
    after(act: () => unknown): Promise<RawRequest> {
      const from = posted.length;
      act();
      return find(({ url, body }) => !url.endsWith("/status") && !body.includes('"statuses":['), from);
    },
    /** Answers 503 from now on, as a service that is down. */
    stop() {
      isUp = false;
    },
  };
}

const plain = (headers: IncomingMessage["headers"]): RawRequest["headers"] =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(", ")]));
