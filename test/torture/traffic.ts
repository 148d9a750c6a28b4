import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { message, post } from "../stories/conversations.ts";

/** One message that Causeway answered with 200, so it must be answered. */
export interface Acknowledged {
  chat: number;
  n: number;
  at: number;
}

export interface Traffic {
  /** In the order of acknowledgement. */
  acknowledged: readonly Acknowledged[];
  /** Number of posts that were not acknowledged. Each was repeated. */
  refused(): number;
  /** While true, every message is posted three times at once, and once more after its acknowledgement. */
  repeat(on: boolean): void;
  /** Stops writing; resolves when every message is acknowledged. */
  stop(): Promise<void>;
}

/**
 * Users who write, with delivery as Telegram does it. Each chat's messages come in order. Each message is repeated, to
 * any process that exists then, until one acknowledges it.
 * @param options.urls the processes that can be reached now; called again for every post
 * @param options.perSecond of all chats together
 */
export function startTraffic(options: {
  urls(): readonly string[];
  chats: number;
  perSecond: number;
  firstChat: number;
  random(): number;
}): Traffic {
  const { chats, perSecond, firstChat, random } = options;
  const acknowledged: Acknowledged[] = [];
  const stopped = new AbortController();
  setMaxListeners(chats, stopped.signal);
  const pauseMs = (chats * 1_000) / perSecond;
  let refused = 0;
  let repeating = false;
  let turn = 0;

  async function handOver(update: object): Promise<void> {
    for (;;) {
      const urls = options.urls();
      const url = urls[turn++ % urls.length];
      const status = url === undefined ? 0 : await post(url, update).catch(() => 0);
      if (status === 200) return;
      refused += 1;
      await delay(50);
    }
  }

  async function write(chat: number): Promise<void> {
    await delay(random() * pauseMs);
    for (let n = 1; !stopped.signal.aborted; n += 1) {
      const update = message(chat, textOf(chat, n));
      await Promise.all(Array.from({ length: repeating ? 3 : 1 }, () => handOver(update)));
      acknowledged.push({ chat, n, at: Date.now() });
      if (repeating) await handOver(update);
      await delay(pauseMs * (0.5 + random()), undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  }

  const writers = Array.from({ length: chats }, (_, index) => write(firstChat + index));
  return {
    acknowledged,
    refused: () => refused,
    repeat(on) {
      repeating = on;
    },
    async stop() {
      stopped.abort();
      await Promise.all(writers);
    },
  };
}

const textOf = (chat: number, n: number) => `chat ${chat} message ${n}`;

/** The number of the answered message; null if the text answers none of ours. */
export function answeredBy(text: string): number | null {
  const n = /^You said: chat \d+ message (\d+)$/.exec(text)?.[1];
  return n === undefined ? null : Number(n);
}
