import type { Clock } from "../core/clock.ts";
import type { ContextRepository } from "./context-repository.ts";

/** For so long a session that was read ahead counts as read now, milliseconds. */
const MOMENT_MS = 200;
/** Before every seq there will be: the message that is being stored has none yet. */
const END = 2 ** 31 - 1;

type Reading = ReturnType<ContextRepository["promptSession"]>;

/**
 * The same repository, which can be told that a session's prompt is about to be asked for: it is read while the message
 * is being committed, as the bot would wait for the one after the other. What was read is used only where nobody spoke
 * in between: the session was idle, and the turn's message got the very seq that was next.
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
    /** A message is being stored in this session. */
    expect(sessionId: string, agentId: string, limit: number): void {
      forgetOld();
      const reading = repository.promptSession(sessionId, { agentId, beforeSeq: END, limit });
      // Whoever asks for the prompt reads again then.
      reading.catch(() => expected.delete(sessionId));
      expected.delete(sessionId);
      expected.set(sessionId, { reading, agentId, at: now() });
    },
    async promptSession(...asked: Parameters<ContextRepository["promptSession"]>): Reading {
      const [sessionId, { agentId, beforeSeq }] = asked;
      const known = expected.get(sessionId);
      // Once: a further attempt of the turn is to see what has changed.
      expected.delete(sessionId);
      if (known && known.agentId === agentId && now() - known.at <= MOMENT_MS) {
        const session = await known.reading.catch(() => null);
        if (session?.idle && session.nextSeq === beforeSeq) return session;
      }
      return repository.promptSession(...asked);
    },
  };
}
