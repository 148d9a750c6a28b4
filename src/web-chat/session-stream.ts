import type { ApiClient } from "./api-client.ts";
import { CallError } from "./call-error.ts";
import { createEventReader, type ReceivedEvent } from "./event-reader.ts";

export type Connection = "connecting" | "live" | "offline";

export interface StreamListener {
  onEvent(event: ReceivedEvent): void;
  onConnection(connection: Connection): void;
  /** The session or the visitor is not known any more: coming back is of no use. */
  onGone(error: CallError): void;
}

/** The server writes at least every 15 s; this long without a byte means that the connection is dead, milliseconds. */
const SILENCE_MS = 40_000;
/** How long a hidden page keeps its stream: browsers allow six connections for all tabs together, milliseconds. */
const HIDDEN_MS = 20_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 8_000;

/** Keeps the stream of a session open, coming back behind what was seen, until stopped. */
export function followSession(options: {
  api: ApiClient;
  sessionId: string;
  /** Seq of the newest message that has been seen, asked on every connection. */
  seen: () => number;
  tab: string;
  listener: StreamListener;
}): { stop(): void } {
  const { api, sessionId, listener } = options;
  let stopped = false;
  let connection = new AbortController();
  let wake = () => {};
  let failures = 0;
  let hiddenTimer = 0;

  async function run(): Promise<void> {
    while (!stopped) {
      await visible();
      if (stopped) return;
      listener.onConnection(failures === 0 ? "connecting" : "offline");
      connection = new AbortController();
      try {
        await connect(connection.signal);
      } catch (error) {
        if (error instanceof CallError && !error.passing) {
          if (!stopped) listener.onGone(error);
          return;
        }
        failures += 1;
        if (!stopped) listener.onConnection("offline");
        await pause(error instanceof CallError ? error.retryAfterMs : null);
      }
    }
  }

  async function connect(signal: AbortSignal): Promise<void> {
    const position = { afterSeq: options.seen(), tab: options.tab };
    const body = await api.openEvents(sessionId, position, signal);
    const read = createEventReader();
    const decoder = new TextDecoder();
    const reader = body.getReader();
    for (;;) {
      const silence = setTimeout(() => connection.abort(), SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(silence));
      if (stopped || signal.aborted) return;
      if (done) throw new CallError(0, "closed", "The connection was closed.");
      failures = 0;
      listener.onConnection("live");
      for (const event of read(decoder.decode(value, { stream: true }))) listener.onEvent(event);
    }
  }

  /** Waits longer after each failure, with chance so that not everybody comes back at once; ends early when online. */
  function pause(atLeastMs: number | null): Promise<void> {
    const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
    return sleep(Math.max(atLeastMs ?? 0, most / 2 + (Math.random() * most) / 2));
  }

  function visible(): Promise<void> {
    return document.hidden ? sleep(null) : Promise.resolve();
  }

  function sleep(ms: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === null ? 0 : setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  function onVisibility(): void {
    clearTimeout(hiddenTimer);
    if (document.hidden) hiddenTimer = setTimeout(() => connection.abort(), HIDDEN_MS);
    else wake();
  }

  const onOnline = () => wake();
  document.addEventListener("visibilitychange", onVisibility);
  window.addEventListener("online", onOnline);
  void run();
  return {
    stop() {
      stopped = true;
      clearTimeout(hiddenTimer);
      document.removeEventListener("visibilitychange", onVisibility);
      window.removeEventListener("online", onOnline);
      connection.abort();
      wake();
    },
  };
}
