import { randomUUID } from "node:crypto";
import type { Json } from "../core/json.ts";
import type { Logger } from "../core/logger.ts";
import type { NoticeTransport } from "./notice-transport.ts";

/**
 * Notices from one part of the service to another, in whichever process it runs: "session s has news".
 *
 * Best effort: a notice may be lost, and one of another process may come late. It says where to look, or saves looking;
 * whoever needs every one keeps them in Postgres and reads there after it subscribed.
 */
export interface Hub {
  /**
   * Calls the listeners of this process before it returns; others hear of it soon, in the order of this process.
   * @param options.remote false keeps the notice in this process, for one that only its own listeners can want.
   */
  publish(topic: string, data: Json, options?: { remote: boolean }): void;
  /** Listens to one topic, exactly. Returns what ends it. */
  subscribe(topic: string, listener: (data: Json) => void): () => void;
  close(): Promise<void>;
}

/** Notices kept back while the transport is away; beyond that the oldest are dropped. */
const BACKLOG = 10_000;
/** Notices sent as one text. */
const BUNDLE = 50;

type Notice = [topic: string, data: Json];

/** @param options.alone true where no other process can be listening: nothing is sent. */
export async function createHub(options: {
  backend: { notices: NoticeTransport };
  alone: boolean;
  log: Logger;
}): Promise<Hub> {
  const { log } = options;
  // Lists, as most topics have one listener, and there are several topics for each open page.
  const listeners = new Map<string, ((data: Json) => void)[]>();
  const sender = options.alone ? null : await joinOthers(options.backend.notices, deliver, log);

  function deliver(topic: string, data: Json): void {
    const known = listeners.get(topic);
    if (!known) return;
    for (const listener of [...known]) {
      try {
        listener(data);
      } catch (error) {
        log.error({ err: error, topic }, "a listener of a notice failed");
      }
    }
  }

  return {
    publish(topic, data, { remote } = { remote: true }) {
      deliver(topic, data);
      if (remote) sender?.send([topic, data]);
    },
    subscribe(topic, listener) {
      const known = listeners.get(topic) ?? [];
      if (known.length === 0) listeners.set(topic, known);
      known.push(listener);
      let listens = true;
      return () => {
        const at = listens ? known.indexOf(listener) : -1;
        listens = false;
        if (at >= 0) known.splice(at, 1);
        if (known.length === 0 && listeners.get(topic) === known) listeners.delete(topic);
      };
    },
    async close() {
      listeners.clear();
      await sender?.close();
    },
  };
}

/** Sends this process's notices, bundled and in order, and hands on those of the others. */
async function joinOthers(
  transport: NoticeTransport,
  deliver: (topic: string, data: Json) => void,
  log: Logger,
) {
  const self = randomUUID();
  let waiting: Notice[] = [];
  let sending: Promise<void> | null = null;
  let failing = false;

  const stop = await transport.listen((text) => {
    const bundle: unknown = JSON.parse(text);
    if (!isBundle(bundle) || bundle[0] === self) return;
    for (const [topic, data] of bundle[1]) deliver(topic, data);
  });

  async function sendWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const notices = waiting;
      waiting = [];
      const texts = [];
      for (let at = 0; at < notices.length; at += BUNDLE) {
        texts.push(JSON.stringify([self, notices.slice(at, at + BUNDLE)]));
      }
      try {
        await transport.send(texts);
        failing = false;
      } catch (error) {
        if (!failing) log.warn({ err: error }, "notices to other processes are being lost");
        failing = true;
      }
    }
    sending = null;
  }

  return {
    send(notice: Notice): void {
      waiting.push(notice);
      if (waiting.length > BACKLOG) waiting.shift();
      sending ??= sendWaiting();
    },
    async close(): Promise<void> {
      await sending;
      await stop();
    },
  };
}

function isBundle(value: unknown): value is [sender: string, notices: Notice[]] {
  return Array.isArray(value) && typeof value[0] === "string" && Array.isArray(value[1]);
}
