import type { TurnStreams } from "../../turns/turn-streams.ts";
import type { ServerSentEvent } from "../event-stream.ts";
import { named } from "./wire.ts";

/** A consumer this far behind, in events, is cut off: it reconnects and catches up from Postgres. */
const MAX_BEHIND = 2_000;
/** Answers followed at the same time; more messages than that waiting in one session is no conversation. */
const MAX_FOLLOWED = 16;

/** What the answers of one session say while they are on their way. Made when there is one: most open pages wait for none. */
export interface TurnInbox {
  /** Follows those of these executions that it does not follow yet. */
  follow(executionIds: readonly string[]): void;
  /** What they have said since. */
  take(): ServerSentEvent[];
  /** Whether nothing can be told any more: the reader is too far behind, or following failed. */
  isOver(): boolean;
  close(): void;
}

/** @param on.look called when an answer has ended: what is stored has changed. */
export function createTurnInbox(
  followTurn: TurnStreams["follow"],
  sessionId: string,
  on: { ring(): void; look(): void },
): TurnInbox {
  const over = new AbortController();
  const { signal } = over;
  const inbox: ServerSentEvent[] = [];
  const followed = new Set<string>();

  function cut(): void {
    over.abort();
    on.ring();
  }

  async function follow(executionId: string): Promise<void> {
    for await (const event of followTurn(executionId, 0, signal)) {
      inbox.push(named("turn", { session_id: sessionId, execution_id: executionId, event }));
      if (inbox.length > MAX_BEHIND) cut();
      on.ring();
    }
    on.look();
  }

  return {
    follow(executionIds) {
      for (const id of executionIds.slice(0, MAX_FOLLOWED)) {
        if (followed.has(id)) continue;
        followed.add(id);
        // A lost connection to Postgres ends this stream; the client comes back for the rest.
        follow(id).catch(cut);
      }
    },
    take: () => inbox.splice(0),
    isOver: () => signal.aborted,
    close: () => over.abort(),
  };
}
