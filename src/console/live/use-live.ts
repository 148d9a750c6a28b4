import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { wordsOf } from "../server/call.ts";
import { feedTicks } from "./feed.ts";

/** What was last loaded, and how to load it again. */
export interface Live<T> {
  /** Null until it is loaded. It stays when a later load fails. */
  data: T | null;
  /** Why the last load failed. */
  failure: string | null;
  refresh(): Promise<void>;
}

/**
 * Loads something at once, again when something happens, and every `everyMs` for the rest. It rests while nobody sees
 * the page.
 * @param key what is loaded. Another key forgets the data.
 */
export function useLive<T>(key: string, load: (signal: AbortSignal) => Promise<T>, everyMs: number): Live<T> {
  const [held, setHeld] = useState<{ key: string; data: T | null; failure: string | null }>();
  const latest = useRef(load);
  latest.current = load;
  const look = useRef<() => Promise<void>>(async () => undefined);

  useEffect(() => {
    const over = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let running: Promise<void> | null = null;
    let isStale = false;

    async function once(): Promise<void> {
      try {
        const data = await latest.current(over.signal);
        if (!over.signal.aborted) setHeld({ key, data, failure: null });
      } catch (error) {
        if (over.signal.aborted) return;
        setHeld((before) => ({
          key,
          data: before?.key === key ? before.data : null,
          failure: wordsOf(error),
        }));
      }
    }

    /** Changes during a load are part of the next one. */
    async function loop(): Promise<void> {
      do {
        isStale = false;
        await once();
      } while (isStale && !over.signal.aborted);
      running = null;
      if (!over.signal.aborted) timer = setTimeout(() => void run(), everyMs);
    }

    function run(): Promise<void> {
      clearTimeout(timer);
      isStale = true;
      if (running !== null) return running;
      if (document.hidden) return Promise.resolve();
      running = loop();
      return running;
    }

    look.current = run;
    const wake = () => void run();
    const unfollow = feedTicks.subscribe(wake);
    document.addEventListener("visibilitychange", wake);
    addEventListener("online", wake);
    void run();
    return () => {
      over.abort();
      clearTimeout(timer);
      unfollow();
      document.removeEventListener("visibilitychange", wake);
      removeEventListener("online", wake);
    };
  }, [key, everyMs]);

  const refresh = useCallback(() => look.current(), []);
  const isSame = held?.key === key;
  return { data: isSame ? held.data : null, failure: isSame ? held.failure : null, refresh };
}
