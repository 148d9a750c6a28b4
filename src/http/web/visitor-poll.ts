import type { VisitorStamps } from "../../sessions/visitor-changes-repository.ts";

/** Interval of checks of each visitor, milliseconds. */
const EVERY_MS = 5_000;
/** Number of portions per interval, so that thousands of streams do not query in the same moment. */
const PORTIONS = 20;

interface Watched {
  polls: Set<() => void>;
  stamp: string | null;
}

/** Calls `poll` when a visitor's sessions may have changed without a notice. Returns a function that stops it. */
export type VisitorPoll = (visitorId: string, poll: () => void) => () => void;

/**
 * Notices may get lost, so this polls Postgres: one query for hundreds of visitors, not one per open stream. The first
 * check of a visitor always calls `poll`, because earlier changes are unknown.
 */
export function createVisitorPoll(stampsOf: VisitorStamps): VisitorPoll {
  const visitors = new Map<string, Watched>();
  let timer: NodeJS.Timeout | null = null;
  let looking = false;
  /** The number of visitors due for a check. With few visitors most portions are empty. */
  let due = 0;

  /** The visitors not checked for the longest time, which then move to the end. */
  function nextPortion(): string[] {
    const ids: string[] = [];
    due = Math.min(due + visitors.size / PORTIONS, visitors.size);
    const many = Math.floor(due);
    due -= many;
    for (const id of visitors.keys()) {
      if (ids.length >= many) break;
      ids.push(id);
    }
    for (const id of ids) {
      const watched = visitors.get(id);
      if (!watched) continue;
      visitors.delete(id);
      visitors.set(id, watched);
    }
    return ids;
  }

  async function lookAtSome(): Promise<void> {
    const ids = nextPortion();
    if (ids.length === 0) return;
    const stamps = await stampsOf(ids);
    for (const id of ids) {
      const watched = visitors.get(id);
      const stamp = stamps.get(id) ?? "";
      if (!watched || watched.stamp === stamp) continue;
      watched.stamp = stamp;
      for (const poll of watched.polls) poll();
    }
  }

  function tick(): void {
    if (looking) return;
    looking = true;
    lookAtSome()
      // During a database outage, a stream that queries its events ends. The others are checked again later.
      .catch(() => undefined)
      .finally(() => {
        looking = false;
      });
  }

  return (visitorId, poll) => {
    const watched = visitors.get(visitorId) ?? { polls: new Set(), stamp: null };
    watched.stamp = null;
    visitors.set(visitorId, watched);
    watched.polls.add(poll);
    timer ??= setInterval(tick, EVERY_MS / PORTIONS).unref();
    return () => {
      watched.polls.delete(poll);
      if (watched.polls.size > 0 || visitors.get(visitorId) !== watched) return;
      visitors.delete(visitorId);
      if (visitors.size > 0 || timer === null) return;
      clearInterval(timer);
      timer = null;
    };
  };
}
