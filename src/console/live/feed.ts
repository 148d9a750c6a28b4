/** Something changed. `sessionId` is null if the change may concern everything. */
export interface News {
  sessionId: string | null;
}

type Listener = (news: News) => void;

const EVENTS = ["session", "message", "execution", "delivery", "handoff", "channel", "ready", "reset"];
const NAME = "causeway-console-feed";
/** The leading tab tells the others this often that the feed is open, milliseconds. */
const BEAT_MS = 10_000;
/** Without a sign of life for so long, lists are read as if there were no feed. */
const SILENT_MS = 25_000;
/** Time until a refused feed is requested again. The browser reopens a broken one. */
const AGAIN_MS = 15_000;

const listeners = new Set<Listener>();
let heardAt = Number.NEGATIVE_INFINITY;

/** Tells if the feed reports changes, so that views poll rarely. */
export const isFeedAlive = (): boolean => Date.now() - heardAt < SILENT_MS;

/** Returns the function that ends it. */
export function onNews(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Makes every view load again, after an action on this page. */
export function tick(): void {
  tell({ sessionId: null });
}

function tell(news: News): void {
  for (const listener of [...listeners]) listener(news);
}

/**
 * Follows the feed of the workspace until the returned function is called. Browsers open few connections to a host, so
 * one tab holds the stream and tells the others. They get ids, and no texts.
 */
export function followFeed(): () => void {
  const over = new AbortController();
  const tabs = new BroadcastChannel(NAME);
  const take = (news: News | "beat") => {
    heardAt = Date.now();
    if (news !== "beat") tell(news);
  };
  tabs.onmessage = ({ data }: MessageEvent<News | "beat">) => take(data);
  const share = (news: News | "beat") => {
    if (over.signal.aborted) return;
    tabs.postMessage(news);
    take(news);
  };
  const lead = () => holdStream(share, over.signal);
  // Only pages over HTTPS or on this machine have locks. Elsewhere each tab holds a stream.
  if (navigator.locks) navigator.locks.request(NAME, { signal: over.signal }, lead).catch(() => undefined);
  else void lead();
  return () => {
    over.abort();
    tabs.close();
    heardAt = Number.NEGATIVE_INFINITY;
  };
}

/** Keeps a stream open. Resolves when the signal aborts. */
function holdStream(share: (news: News | "beat") => void, signal: AbortSignal): Promise<void> {
  let source: EventSource;
  let again: ReturnType<typeof setTimeout> | undefined;
  function open(): void {
    source = new EventSource("/api/v1/feed");
    for (const name of EVENTS) {
      source.addEventListener(name, ({ data }: MessageEvent<string>) => share(newsOf(name, data)));
    }
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return;
      again = setTimeout(open, AGAIN_MS);
      // The server refuses the feed, perhaps because the session is over. Every view notices it now, and not at its
      // next poll.
      share({ sessionId: null });
    };
  }
  open();
  const beat = setInterval(() => {
    if (source.readyState === EventSource.OPEN) share("beat");
  }, BEAT_MS);
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => {
      clearInterval(beat);
      clearTimeout(again);
      source.close();
      resolve();
    });
  });
}

/** `ready` and `reset` concern everything, because something may have been missed. */
function newsOf(name: string, data: string): News {
  const { id, session_id: session } = JSON.parse(data) as { id?: string; session_id?: string };
  return { sessionId: (name === "session" ? id : session) ?? null };
}
