import type { VisitorStamps } from "../../sessions/visitor-changes-repository.ts";

/** How often each visitor is looked at, milliseconds. */
const EVERY_MS = 5_000;
/** In so many portions, so that thousands of streams do not ask for their news in the same moment. */
const PORTIONS = 20;

interface Watched {
  looks: Set<() => void>;
  stamp: string | null;
}

/** Calls `look` when something may have changed in a visitor's sessions without a notice of it. Returns what ends it. */
export type Recheck = (visitorId: string, look: () => void) => () => void;

/**
 * Notices may get lost, so Postgres is asked now and then: once for hundreds of visitors, instead of by each open stream
 * for itself. A visitor's first look is always called for: what came before it is not known.
 */
export function createRecheck(stampsOf: VisitorStamps): Recheck {
  const visitors = new Map<string, Watched>();
  let timer: NodeJS.Timeout | null = null;
  let looking = false;
  /** Of whom a look is due: with few visitors there is none in most portions. */
  let due = 0;

  /** Those that were not looked at for longest, which then go to the end. */
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
      for (const look of watched.looks) look();
    }
  }

  function tick(): void {
    if (looking) return;
    looking = true;
    lookAtSome()
      // The database is away: a stream that asks for its news ends by that, the others are looked at again.
      .catch(() => undefined)
      .finally(() => {
        looking = false;
      });
  }

  return (visitorId, look) => {
    const watched = visitors.get(visitorId) ?? { looks: new Set(), stamp: null };
    watched.stamp = null;
    visitors.set(visitorId, watched);
    watched.looks.add(look);
    timer ??= setInterval(tick, EVERY_MS / PORTIONS).unref();
    return () => {
      watched.looks.delete(look);
      if (watched.looks.size > 0 || visitors.get(visitorId) !== watched) return;
      visitors.delete(visitorId);
      if (visitors.size > 0 || timer === null) return;
      clearInterval(timer);
      timer = null;
    };
  };
}
