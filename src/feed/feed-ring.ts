import type { JsonObject } from "../core/text/json.ts";

/** One event of the feed. Ids ascend by one. */
export interface FeedEvent {
  id: number;
  event: string;
  data: JsonObject;
}

/** The newest events of a feed. Older ones are forgotten, so its memory is bounded. */
export interface FeedRing {
  push(event: string, data: JsonObject): void;
  /** The id of the newest event. */
  last(): number;
  /** The events after an id; null if some of them are forgotten, or if the id belongs to another ring. */
  after(id: number): FeedEvent[] | null;
}

/**
 * @param firstId lies above every id of an earlier ring, and below those of a later one. So an id of another process, or
 * of a time before a restart, is recognised.
 */
export function createFeedRing(firstId: number, most: number): FeedRing {
  let last = firstId;
  let events: FeedEvent[] = [];
  return {
    push(event, data) {
      last += 1;
      events.push({ id: last, event, data });
      // Cuts rarely, because each cut copies the rest.
      if (events.length > 2 * most) events = events.slice(-most);
    },
    last: () => last,
    after(id) {
      const first = events[0]?.id ?? last + 1;
      if (id > last || id < first - 1) return null;
      return events.slice(id - first + 1);
    },
  };
}
