import type { TurnEvent } from "../../core/turn-log.ts";

/** A turn whose events go out, or will. */
interface ShownTurn {
  sessionId: string;
  seq: number;
  over: Promise<void>;
}

export interface SocketTurnsDeps {
  /** Where a turn stands in its session; null: it is not there (any more). */
  find(executionId: string): Promise<{ seq: number } | null>;
  /** A turn's events behind `afterId`, to its end. */
  events(executionId: string, afterId: number): AsyncIterable<TurnEvent>;
  show(events: AsyncIterable<TurnEvent>, executionId: string, sessionId: string): Promise<void>;
  refuse(error: unknown): void;
}

/** The turns that go out on one socket, each once. Returns how to follow one more, until it is over. */
export function createSocketTurns(deps: SocketTurnsDeps) {
  const followed = new Set<string>();
  const turns = new Set<ShownTurn>();
  let registering: Promise<unknown> = Promise.resolve();

  /** Shows a turn from the first event it is known by. Turns of a session are shown in the order they run in. */
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

  /** What runs next may be heard of before what runs now has told its end: another process, a replay from Postgres. */
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
