import type { ApiClient } from "./api-client.ts";
import { CallError } from "./call-error.ts";
import { createEventReader } from "./event-reader.ts";
import type { StreamEvent } from "./wire.ts";

export type Connection = "connecting" | "live" | "offline";

export interface Position {
  sessionId: string;
  seq: number;
}

export interface ConnectionListener {
  onEvents(events: readonly StreamEvent[]): void;
  onConnection(connection: Connection): void;
  /** The visitor or a session is no longer known, so the same reconnection cannot work. */
  onRefused(error: CallError): void;
}

/** The server writes at least every 15 s. A connection without a byte for this long is dead, milliseconds. */
const SILENCE_MS = 40_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 8_000;

/** Keeps the event stream open until stopped. A reconnection continues after the last seen event. */
export function connectEvents(options: {
  api: Pick<ApiClient, "openEvents">;
  tab: string;
  /** The sessions to follow, read for every connection. */
  open: () => readonly Position[];
  listener: ConnectionListener;
}): { restart(): void; stop(): void } {
  const { api, listener } = options;
  let stopped = false;
  let connection = new AbortController();
  let restarting = false;
  let wake = () => {};
  let failures = 0;
  let told: Connection | null = null;

  function tell(now: Connection): void {
    if (now !== told) listener.onConnection(now);
    told = now;
  }

  async function run(): Promise<void> {
    while (!stopped) {
      // A reconnection because of another tab is not reported.
      if (told === null) tell("connecting");
      restarting = false;
      connection = new AbortController();
      try {
        await read(connection.signal);
      } catch (error) {
        if (stopped) return;
        if (restarting) continue;
        if (error instanceof CallError && !error.passing) return listener.onRefused(error);
        failures += 1;
        tell("offline");
        await pause(error instanceof CallError ? error.retryAfterMs : null);
      }
    }
  }

  async function read(signal: AbortSignal): Promise<void> {
    const position = { open: options.open(), tab: options.tab };
    const body = await api.openEvents(position, signal);
    const parse = createEventReader();
    const decoder = new TextDecoder();
    const reader = body.getReader();
    for (;;) {
      const silence = setTimeout(() => connection.abort(), SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(silence));
      if (stopped || signal.aborted) return;
      if (done) throw new CallError(0, "closed", "The connection was closed.");
      tell("live");
      failures = 0;
      const events = parse(decoder.decode(value, { stream: true }));
      if (events.length > 0) {
        listener.onEvents(
          events.map(({ event, data }) => ({ event, data: JSON.parse(data) }) as StreamEvent),
        );
      }
    }
  }

  /**
   * Waits longer after each failure, with a random part so that not all clients reconnect at once. Ends early when the
   * browser is online again.
   */
  function pause(atLeastMs: number | null): Promise<void> {
    const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
    const waitMs = Math.max(atLeastMs ?? 0, most / 2 + (Math.random() * most) / 2);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  const onReturn = () => {
    if (!document.hidden) wake();
  };
  document.addEventListener("visibilitychange", onReturn);
  window.addEventListener("online", onReturn);
  void run();
  return {
    restart() {
      restarting = true;
      connection.abort();
      wake();
    },
    stop() {
      stopped = true;
      document.removeEventListener("visibilitychange", onReturn);
      window.removeEventListener("online", onReturn);
      connection.abort();
      wake();
    },
  };
}
