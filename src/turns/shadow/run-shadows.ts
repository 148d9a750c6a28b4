import type { LoadedAgent } from "../../agents/agent-catalog.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { ReconcilerStep } from "../../core/process/reconciler.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import type { TurnContexts } from "../prompt/turn-context.ts";
import type { RecordedTurn } from "../replay/recorded-turns-repository.ts";
import { replayTurn } from "../replay/replay-turn.ts";
import type { ClaimedShadow, ShadowEnd, ShadowRepository } from "./shadow-repository.ts";

export interface ShadowDeps {
  repository: ShadowRepository;
  /** A turn as it was; undefined: it was erased. */
  recorded(executionId: string): Promise<RecordedTurn | undefined>;
  /** An agent in exactly this version. */
  load(agentId: string, version: number): Promise<LoadedAgent>;
  contexts: Pick<TurnContexts, "prompt" | "forTurn">;
  /** Aborts when the service stops. */
  stopping: AbortSignal;
  log: Logger;
}

/** Turns that a step asks about before it searches for further ones. */
const AT_ONCE = 20;
/** The search pauses this many times as long as it took, so that a busy database is not kept busier. */
const REST = 50;
const MOST_REST_MS = 5_000;

/**
 * Asks other agents what they would have answered, after the turn has ended. One turn at a time on each process, and
 * beside all other work: no turn waits for it.
 */
export function createShadows(deps: ShadowDeps): ReconcilerStep {
  const { repository, stopping, log } = deps;
  let nextSearch = 0;

  async function search(): Promise<void> {
    const startedAt = monotonicMs();
    if (startedAt < nextSearch) return;
    await repository.find();
    const endedAt = monotonicMs();
    nextSearch = endedAt + Math.min(MOST_REST_MS, REST * (endedAt - startedAt));
  }

  async function ask(shadow: ClaimedShadow): Promise<void> {
    try {
      const how = await answer(shadow);
      if (how !== null) await repository.end(shadow, how);
    } catch (error) {
      if (stopping.aborted) return await repository.giveBack(shadow);
      log.warn({ err: error, execution_id: shadow.executionId }, "a shadow turn failed");
      await repository.end(shadow, { status: "failed", errorCode: "not_asked" });
    }
  }

  /** Null: another process asks about it. */
  async function answer(shadow: ClaimedShadow): Promise<ShadowEnd | null> {
    const { agentId, candidate, session } = shadow;
    const [recorded, loaded] = await Promise.all([
      deps.recorded(shadow.executionId),
      deps.load(candidate.id, candidate.version),
    ]);
    if (recorded === undefined) return { status: "skipped", errorCode: "erased" };
    if (!loaded.isReplayable) return { status: "skipped", errorCode: "bot_not_replayable" };
    const { definition, bot } = loaded;
    if (!(await repository.begin(shadow, definition.turns.timeoutMs))) return null;
    // The candidate replaces the session's agent, so it gets the data that this agent has about the person.
    const question = {
      sessionId: session.id,
      agent: { id: agentId, definition },
      input: recorded.texts.map((text) => ({ text, instruction: false })),
      beforeSeq: recorded.beforeSeq,
    };
    const lookups = deps.contexts.forTurn({ ...question, userId: session.userId, bot });
    const answered = await replayTurn({
      bot,
      agent: candidate,
      session: { ...session, participantData: await lookups.participantData() },
      recorded,
      prompt: () => deps.contexts.prompt(question),
      timeoutMs: definition.turns.timeoutMs,
      signal: stopping,
    });
    return { status: answered.errorCode === null ? "answered" : "failed", answer: answered };
  }

  return {
    name: "turns that another agent answers, too",
    async run() {
      await search();
      for (let asked = 0; asked < AT_ONCE && !stopping.aborted; asked += 1) {
        const shadow = await repository.claim();
        if (shadow === null) return;
        if (shadow !== "skipped") await ask(shadow);
      }
    },
  };
}
