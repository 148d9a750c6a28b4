import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { wordsOf } from "../server/call.ts";
import { isFeedAlive, type News, onNews } from "./feed.ts";

/** The newest loaded data, and a function to load it again. */
export interface Live<T> {
  /** Null until it is loaded. It stays when a later load fails. */
  data: T | null;
  /** The reason why the last load failed. */
  failure: string | null;
  refresh(): Promise<void>;
}

/** While the feed reports changes, polling is only a precaution, and is this many times rarer. */
const RARER = 6;
/** Minimum time between two loads that the feed causes, of a list and of one conversation, milliseconds. */
const LIST_GAP_MS = 1_500;
const SESSION_GAP_MS = 150;

/**
 * Loads data at once, again when the feed reports a change, and at long intervals. It pauses while the page is hidden.
 * @param key identifies the data. Another key forgets the data.
 * @param everyMs the time between two polls without a feed.
 * @param sessionId only changes of this session concern it; null: all do.
 */
export function useLive<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  everyMs: number,
  sessionId: string | null = null,
): Live<T> {
  const [held, setHeld] = useState<{ key: string; data: T | null; failure: string | null }>();
  const latest = useRef(load);
  latest.current = load;
  const look = useRef<() => Promise<void>>(async () => undefined);

  useEffect(() => {
    const over = new AbortController();
    const { signal } = over;

    async function once(): Promise<void> {
      try {
        const data = await latest.current(signal);
        if (!signal.aborted) setHeld({ key, data, failure: null });
      } catch (error) {
        if (signal.aborted) return;
        const failure = wordsOf(error);
        setHeld((before) => ({ key, data: before?.key === key ? before.data : null, failure }));
      }
    }

    const looking = createLooking(once, everyMs, signal);
    look.current = looking.now;
    const gap = sessionId === null ? LIST_GAP_MS : SESSION_GAP_MS;
    const wake = () => void looking.now();
    const unfollow = onNews((news: News) => {
      if (news.sessionId === null) wake();
      else if (sessionId === null || news.sessionId === sessionId) looking.soon(gap);
    });
    document.addEventListener("visibilitychange", wake, { signal });
    addEventListener("online", wake, { signal });
    wake();
    return () => {
      over.abort();
      unfollow();
    };
  }, [key, everyMs, sessionId]);

  const refresh = useCallback(() => look.current(), []);
  const isSame = held?.key === key;
  return { data: isSame ? held.data : null, failure: isSame ? held.failure : null, refresh };
}

/** Repeats a load, one at a time. What changes during a load is part of the next one. */
function createLooking(load: () => Promise<void>, everyMs: number, signal: AbortSignal) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let dueAt = Number.POSITIVE_INFINITY;
  let endedAt = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | null = null;
  let isStale = false;
  /** Changes that the feed reported during a load are loaded after this time. */
  let gapAfter: number | null = null;
  signal.addEventListener("abort", () => clearTimeout(timer));

  async function loop(): Promise<void> {
    do {
      isStale = false;
      await load();
    } while (isStale && !signal.aborted);
    running = null;
    endedAt = Date.now();
    dueAt = Number.POSITIVE_INFINITY;
    plan(gapAfter ?? (isFeedAlive() ? everyMs * RARER : everyMs));
    gapAfter = null;
  }

  /** Does nothing if it is due earlier already. */
  function plan(inMs: number): void {
    const at = Date.now() + inMs;
    if (signal.aborted || at >= dueAt) return;
    clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(() => void now(), inMs);
  }

  function now(): Promise<void> {
    clearTimeout(timer);
    dueAt = Number.POSITIVE_INFINITY;
    isStale = true;
    if (running !== null) return running;
    if (document.hidden) return Promise.resolve();
    running = loop();
    return running;
  }

  return {
    now,
    /** Loads again, but not sooner than this after the last load. */
    soon(gapMs: number): void {
      if (running !== null) gapAfter = gapMs;
      else plan(Math.max(0, endedAt + gapMs - Date.now()));
    },
  };
}
