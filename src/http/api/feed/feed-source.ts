import type { Feeds } from "../../../feed/feeds.ts";
import type { ServerSentEvent } from "../../streams/event-stream.ts";
import type { NewsSource } from "../../streams/news-stream.ts";

/** Maximum events of one read, so that a slow reader holds few of them in memory. */
const AT_ONCE = 100;

/**
 * The events of a workspace for one reader, who keeps only a position. A reader who is too slow, or who returns too
 * late, gets one `reset` and continues with new events.
 * @param afterId the last event that the reader has; null: it begins now.
 */
export function feedSource(
  feeds: Feeds,
  {
    workspaceId,
    afterId,
    events,
    shown,
  }: {
    workspaceId: string;
    afterId: number | null;
    events: ReadonlySet<string>;
    /** The data of an event as the reader may see it. */
    shown(data: object): object;
  },
  notify: () => void,
): NewsSource {
  const { feed, leave } = feeds.open(workspaceId);
  const unsubscribe = feed.subscribe(notify);
  let position = afterId;

  function event(name: string, data: object, id: number): ServerSentEvent {
    return { id, event: name, data: JSON.stringify(shown(data)) };
  }

  return {
    async read() {
      await feed.ready;
      if (feeds.isStopped()) return null;
      if (position === null) {
        position = feed.ring.last();
        return [event("ready", {}, position)];
      }
      const behind = feed.ring.after(position);
      if (behind === null) {
        position = feed.ring.last();
        return [event("reset", { reason: "too_old" }, position)];
      }
      const next = behind.slice(0, AT_ONCE);
      position = next.at(-1)?.id ?? position;
      const shown = next.filter(({ event: name }) => events.has(name));
      // Events that this reader may not see must not end the reading.
      if (shown.length === 0 && behind.length > next.length) notify();
      return shown.map(({ id, event: name, data }) => event(name, data, id));
    },
    poll: notify,
    close() {
      unsubscribe();
      leave();
    },
  };
}
