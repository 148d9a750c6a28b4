import type { Logger } from "../core/process/logger.ts";
import type { JsonObject } from "../core/text/json.ts";
import { wait } from "../core/time/wait.ts";
import type { FeedChange, FeedChangesRepository, Watched } from "./feed-changes-repository.ts";
import { createFeedRing, type FeedRing } from "./feed-ring.ts";
import { createRecentStamps } from "./recent-stamps.ts";
import { createWatchedRows } from "./watched-rows.ts";

export interface FeedDeps {
  changes: FeedChangesRepository;
  /** The channels of a workspace as events, and the part of each whose change is an event. */
  channels(workspaceId: string): Promise<{ id: string; data: JsonObject; state: JsonObject }[]>;
  /** Calls back when something happened here; best effort. Returns a function that stops it. */
  onNews(listener: () => void): () => void;
  /** Deliveries that an operator sends again, which may be older than those watched. */
  onRetried(listener: (deliveryIds: readonly string[]) => void): () => void;
  log: Logger;
}

/** The feed of one workspace, for all its readers. */
export interface Feed {
  ring: FeedRing;
  /** Resolves once the feed knows the present state, so that every later change is an event. */
  ready: Promise<void>;
  /** Calls back at new events. Returns a function that stops it. */
  subscribe(listener: () => void): () => void;
  stop(): void;
}

/** For this long, rows that other transactions commit late are still found, milliseconds. */
const OVERLAP_MS = 5_000;
/** Time between two reads without changes, and the minimum time between any two reads, milliseconds. */
const POLL_MS = 400;
const LEAST_MS = 100;
/** Wait after a read that failed, milliseconds. */
const RETRY_MS = 2_000;
const EVENTS_KEPT = 1_000;
const STAMPS_KEPT = 20_000;
const MOST_WATCHED = 1_000;

/** Follows the changes of a workspace while somebody reads them. Everything it holds is bounded. */
export function startFeed(workspaceId: string, deps: FeedDeps): Feed {
  const ring = createFeedRing(Date.now() * 1_000, EVENTS_KEPT);
  const stamps = createRecentStamps(STAMPS_KEPT);
  const watched = createWatchedRows(MOST_WATCHED);
  const listeners = new Set<() => void>();
  const stopping = new AbortController();
  let woken = new AbortController();
  const unsubscribe = [
    deps.onNews(() => woken.abort()),
    deps.onRetried((ids) => {
      for (const id of ids) watched.note("deliveries", id, true);
      woken.abort();
    }),
  ];

  function isNews({ event, id, data, open }: FeedChange): boolean {
    const kind = WATCHED_AS[event];
    if (kind) watched.note(kind, id, open);
    return stamps.isNews(`${event} ${id}`, data);
  }

  async function channelNews(): Promise<{ id: string; data: JsonObject }[]> {
    const channels = await deps.channels(workspaceId);
    return channels.filter(({ id, state }) => stamps.isNews(`channel ${id}`, state));
  }

  /** Reads from a time on. Returns the time of the database before the read. */
  async function read(since: Date, tell: boolean): Promise<Date> {
    const at = await deps.changes.now();
    const from = new Date(since.getTime() - OVERLAP_MS);
    const { changes, tooMany } = await deps.changes.read(workspaceId, from, watched.ids());
    const news = changes.filter(isNews);
    const channels = await channelNews();
    if (!tell) return at;
    if (tooMany) ring.push("reset", { reason: "too_many_changes" });
    else for (const { event, data } of news) ring.push(event, data);
    for (const { data } of channels) ring.push("channel", data);
    if (tooMany || news.length + channels.length > 0) for (const listener of listeners) listener();
    return at;
  }

  /** Learns the present state without an event. */
  async function begin(): Promise<Date> {
    const { at, watched: open } = await deps.changes.begin(workspaceId);
    for (const kind of ["executions", "deliveries", "handoffs"] as const)
      for (const id of open[kind].toReversed()) watched.note(kind, id, true);
    return await read(at, false);
  }

  async function patiently<T>(step: () => Promise<T>): Promise<T | null> {
    while (!stopping.signal.aborted) {
      try {
        return await step();
      } catch (error) {
        deps.log.warn({ err: error }, "could not read the changes for the feed");
        await wait(RETRY_MS, stopping.signal);
      }
    }
    return null;
  }

  async function follow(first: Date | null): Promise<void> {
    let since = first;
    while (since && !stopping.signal.aborted) {
      await wait(POLL_MS, AbortSignal.any([woken.signal, stopping.signal]));
      await wait(LEAST_MS, stopping.signal);
      woken = new AbortController();
      const from = since;
      since = await patiently(() => read(from, true));
    }
  }

  const begun = patiently(begin);
  void begun.then(follow);
  return {
    ring,
    ready: begun.then(() => undefined),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    stop() {
      stopping.abort();
      for (const end of unsubscribe) end();
      for (const listener of listeners) listener();
    },
  };
}

const WATCHED_AS: Partial<Record<FeedChange["event"], keyof Watched>> = {
  execution: "executions",
  delivery: "deliveries",
  handoff: "handoffs",
};
