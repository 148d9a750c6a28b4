import type { TurnStreams } from "../../turns/streams/turn-streams.ts";
import type { ServerSentEvent } from "../streams/event-stream.ts";
import { named } from "./wire.ts";

/** A client this many events behind is disconnected. It reconnects and catches up from Postgres. */
const MAX_BEHIND = 2_000;
/** Answers followed at the same time. More waiting messages in one session are no real conversation. */
const MAX_FOLLOWED = 16;

/**
 * The events of one session's unfinished answers. It is created only for an answer, because most open pages wait for
 * none.
 */
export interface TurnInbox {
  /** Follows those of these executions that it does not follow yet. */
  follow(executionIds: readonly string[]): void;
  /** The events since the last call. */
  take(): ServerSentEvent[];
  /** True if no more events can come: the reader is too far behind, or following failed. */
  isOver(): boolean;
  close(): void;
}

/** @param on.poll called when an answer has ended, because the stored data has changed. */
export function createTurnInbox(
  followTurn: TurnStreams["follow"],
  sessionId: string,
  on: { notify(): void; poll(): void },
): TurnInbox {
  const over = new AbortController();
  const { signal } = over;
  const inbox: ServerSentEvent[] = [];
  const followed = new Set<string>();

  function cut(): void {
    over.abort();
    on.notify();
  }

  async function follow(executionId: string): Promise<void> {
    for await (const event of followTurn(executionId, 0, signal)) {
      inbox.push(named("turn", { session_id: sessionId, execution_id: executionId, event }));
      if (inbox.length > MAX_BEHIND) cut();
      on.notify();
    }
    on.poll();
  }

  return {
    follow(executionIds) {
      for (const id of executionIds.slice(0, MAX_FOLLOWED)) {
        if (followed.has(id)) continue;
        followed.add(id);
        // A lost connection to Postgres ends this stream. The client reconnects for the rest.
        follow(id).catch(cut);
      }
    },
    take: () => inbox.splice(0),
    isOver: () => signal.aborted,
    close: () => over.abort(),
  };
}
