import { wait } from "../../../core/time/wait.ts";
import type { Hub } from "../../../queue/hub.ts";
import type { Caller } from "../route/route.ts";

export interface SessionEndDeps {
  /** Calls the listener once the key is revoked. Returns a function that stops listening. */
  onKeyRevoked(keyId: string, listener: () => void): () => void;
  notices: Pick<Hub, "publish" | "subscribe">;
  /** Milliseconds until a console session ends; null if it is over. */
  remainingMs(consoleId: string): Promise<number | null>;
}

const topicOf = (consoleId: string) => `console-session-ended.${consoleId}`;
/** The wait after an unreachable database, milliseconds. */
const RETRY_MS = 60_000;

/**
 * Ends open streams whose caller may not read any more. The key was revoked, or the session ended by a sign-out or
 * twelve idle hours.
 */
export function createSessionEnd({ onKeyRevoked, notices, remainingMs }: SessionEndDeps) {
  /** Use moves the end of a session, so the end is read again when it comes. */
  async function watchEnd(consoleId: string, listener: () => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const ms = await remainingMs(consoleId).catch(() => RETRY_MS);
      if (ms === null) return listener();
      await wait(ms, signal);
    }
  }

  return {
    /** Closes the streams of a session that signed out, on every process. */
    announce: (consoleId: string) => notices.publish(topicOf(consoleId), {}),

    onCallerEnded({ keyId, consoleId }: Caller, listener: () => void): () => void {
      const unlisten = onKeyRevoked(keyId, listener);
      if (consoleId === null) return unlisten;
      const left = new AbortController();
      const unsubscribe = notices.subscribe(topicOf(consoleId), listener);
      void watchEnd(consoleId, listener, left.signal);
      return () => {
        left.abort();
        unsubscribe();
        unlisten();
      };
    },
  };
}
