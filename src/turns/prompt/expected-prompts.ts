import type { Clock } from "../../core/time/clock.ts";
import type { ContextRepository } from "./context-repository.ts";

/** Maximum age of a session that was read in advance, milliseconds. */
const MOMENT_MS = 200;
/** A seq after every possible one, because the message that is being stored has no seq yet. */
const END = 2 ** 31 - 1;

type Reading = ReturnType<ContextRepository["promptSession"]>;

/**
 * The same repository, with an extra method that announces a request for a session's prompt. It then reads the session
 * while the message is being committed. So the bot waits for only one of the two. The result is used only if no other
 * message came in between. That means that the session was idle, and the turn's message got the next seq.
 */
export function expectPrompts(repository: ContextRepository, clock: Clock) {
  const expected = new Map<string, { reading: Reading; agentId: string; at: number }>();
  const now = () => clock.now().getTime();

  function forgetOld(): void {
    for (const [sessionId, { at }] of expected) {
      if (now() - at <= MOMENT_MS) return;
      expected.delete(sessionId);
    }
  }

  return {
    ...repository,
    /** Announces that a message is being stored in this session. */
    expect(sessionId: string, agentId: string, limit: number): void {
      forgetOld();
      const reading = repository.promptSession(sessionId, { agentId, beforeSeq: END, limit });
      // A later request for the prompt reads again.
      reading.catch(() => expected.delete(sessionId));
      expected.delete(sessionId);
      expected.set(sessionId, { reading, agentId, at: now() });
    },
    async promptSession(...asked: Parameters<ContextRepository["promptSession"]>): Reading {
      const [sessionId, { agentId, beforeSeq }] = asked;
      const known = expected.get(sessionId);
      // The result is used once, because a later attempt of the turn must see changes.
      expected.delete(sessionId);
      if (known && known.agentId === agentId && now() - known.at <= MOMENT_MS) {
        const session = await known.reading.catch(() => null);
        if (session?.idle && session.nextSeq === beforeSeq) return session;
      }
      return repository.promptSession(...asked);
    },
  };
}
