import { randomUUID } from "node:crypto";
import type { Logger } from "../core/process/logger.ts";
import type { Json } from "../core/text/json.ts";
import type { NoticeTransport } from "./notice-transport.ts";

/**
 * Sends notices between parts of the service in any process, such as "session s has news".
 *
 * Best effort: a notice may be lost, and a notice from another process may arrive late. It only shows where to look, or
 * makes a look unnecessary. A reader that needs every event stores them in Postgres, and reads them there after it
 * subscribed.
 */
export interface Hub {
  /**
   * Calls the listeners of this process before it returns. Other processes get the notice soon, in the order of this
   * process.
   * @param options.remote false keeps the notice in this process, if only its own listeners can need it.
   */
  publish(topic: string, data: Json, options?: { remote: boolean }): void;
  /** Listens to exactly one topic. Returns a function that stops it. */
  subscribe(topic: string, listener: (data: Json) => void): () => void;
  close(): Promise<void>;
}

/** Maximum number of notices kept while the transport is down. Beyond it, the oldest are dropped. */
const BACKLOG = 10_000;
/** Maximum number of notices in one text. */
const BUNDLE = 50;

type Notice = [topic: string, data: Json];

/** @param options.alone true if no other process can listen; then the hub sends nothing. */
export async function createHub(options: {
  backend: { notices: NoticeTransport };
  alone: boolean;
  log: Logger;
}): Promise<Hub> {
  const { log } = options;
  // Arrays are enough, since most topics have one listener. They use little memory, and each open page has several
  // topics.
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

/** Sends this process's notices in order and in bundles, and delivers those of other processes. */
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
    const bundle = bundleIn(text);
    if (bundle === null) return log.warn({}, "ignored a notice that this service did not write");
    if (bundle[0] === self) return;
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

type Bundle = [sender: string, notices: Notice[]];

/** Null for any other text: whoever shares the database or Redis can send one. */
function bundleIn(text: string): Bundle | null {
  try {
    const value: unknown = JSON.parse(text);
    return isBundle(value) ? value : null;
  } catch {
    return null;
  }
}

function isBundle(value: unknown): value is Bundle {
  if (!Array.isArray(value) || typeof value[0] !== "string" || !Array.isArray(value[1])) return false;
  return value[1].every((notice) => Array.isArray(notice) && typeof notice[0] === "string");
}
