import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";

/**
 * Delays the answers of Postgres at random, each by at most `CHAOS_MS` milliseconds. A slow machine shows which tests
 * assume that one thing is stored because another is seen. This file makes any machine slow in that way:
 * `CHAOS_MS=150 npm test`. Without the variable it does nothing.
 */
const most = Number(process.env.CHAOS_MS ?? 0);
/** Most answers come at once, so that the others are overtaken. */
const SHARE_DELAYED = 0.25;

interface Connection {
  attachListeners(stream: NodeJS.ReadableStream): void;
}

const prototype = pg.Connection.prototype as unknown as Connection;

if (most > 0 && !Object.hasOwn(prototype, "delayed")) {
  Object.defineProperty(prototype, "delayed", { value: true });
  const attach = prototype.attachListeners;
  prototype.attachListeners = function (stream) {
    let before: Promise<unknown> = Promise.resolve();
    const inOrder = (act: () => void) => {
      const wait = Math.random() < SHARE_DELAYED ? Math.random() * most : 0;
      before = before.then(() => (wait === 0 ? undefined : delay(wait))).then(act);
    };
    const slow = new Proxy(stream, {
      get(target, name) {
        if (name !== "on") return Reflect.get(target, name);
        return (event: string, listener: (...data: unknown[]) => void) =>
          target.on(event, (...data: unknown[]) => inOrder(() => listener(...data)));
      },
    });
    attach.call(this, slow);
  };
}
