import type { TurnEvent } from "../../../core/session/turn-log.ts";

/** A turn whose events are sent now or later. */
interface ShownTurn {
  sessionId: string;
  seq: number;
  over: Promise<void>;
}

export interface SocketTurnsDeps {
  /** The turn's place in its session; null if it does not exist (any more). */
  find(executionId: string): Promise<{ seq: number } | null>;
  /** A turn's events after `afterId`, to its end. */
  events(executionId: string, afterId: number): AsyncIterable<TurnEvent>;
  show(events: AsyncIterable<TurnEvent>, executionId: string, sessionId: string): Promise<void>;
  refuse(error: unknown): void;
}

/** The turns that one socket sends, each once. Returns a function that follows one more turn to its end. */
export function createSocketTurns(deps: SocketTurnsDeps) {
  const followed = new Set<string>();
  const turns = new Set<ShownTurn>();
  let registering: Promise<unknown> = Promise.resolve();

  /** Shows a turn from its first known event. The turns of a session are shown in the order in which they run. */
  function follow(executionId: string, sessionId: string, afterId = 0): Promise<void> {
    if (followed.has(executionId)) return Promise.resolve();
    followed.add(executionId);
    const turn = registering.then(async () => {
      const execution = await deps.find(executionId);
      const shown = { sessionId, seq: execution?.seq ?? 0, over: Promise.resolve() };
      shown.over = deps.show(inOrder(shown, executionId, afterId), executionId, sessionId).catch(deps.refuse);
      turns.add(shown);
      shown.over.finally(() => turns.delete(shown)).catch(() => undefined);
      return shown;
    });
    registering = turn.catch(deps.refuse);
    return turn.then(({ over }) => over).catch(() => undefined);
  }

  /**
   * The next turn may be known before the running one has reported its end. This happens with another process, or with
   * a replay from Postgres.
   */
  async function* inOrder(turn: ShownTurn, executionId: string, afterId: number): AsyncGenerator<TurnEvent> {
    let first = true;
    for await (const event of deps.events(executionId, afterId)) {
      if (first) {
        await registering;
        const before = [...turns].filter(
          ({ sessionId, seq }) => sessionId === turn.sessionId && seq < turn.seq,
        );
        await Promise.all(before.map(({ over }) => over));
        first = false;
      }
      yield event;
    }
  }

  return follow;
}
