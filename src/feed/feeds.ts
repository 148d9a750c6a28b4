import { type Feed, type FeedDeps, startFeed } from "./feed.ts";

/** The feeds of this process, one for each workspace that somebody reads. */
export interface Feeds {
  /** The feed of a workspace, and a function to call once its reader has left. */
  open(workspaceId: string): { feed: Feed; leave(): void };
  /** True once the service stops. */
  isStopped(): boolean;
  stop(): void;
}

/** A feed continues this long after its last reader, so that a reader who reconnects misses nothing, milliseconds. */
const LINGER_MS = 60_000;

export function createFeeds(deps: FeedDeps): Feeds {
  const feeds = new Map<string, { feed: Feed; readers: number; idle: NodeJS.Timeout | null }>();
  let stopped = false;

  function end(workspaceId: string): void {
    feeds.get(workspaceId)?.feed.stop();
    feeds.delete(workspaceId);
  }

  return {
    open(workspaceId) {
      const entry = feeds.get(workspaceId) ?? { feed: startFeed(workspaceId, deps), readers: 0, idle: null };
      feeds.set(workspaceId, entry);
      entry.readers += 1;
      if (entry.idle) clearTimeout(entry.idle);
      let left = false;
      return {
        feed: entry.feed,
        leave() {
          if (left) return;
          left = true;
          entry.readers -= 1;
          if (entry.readers === 0 && !stopped) entry.idle = setTimeout(end, LINGER_MS, workspaceId).unref();
        },
      };
    },
    isStopped: () => stopped,
    stop() {
      stopped = true;
      for (const workspaceId of [...feeds.keys()]) end(workspaceId);
    },
  };
}
