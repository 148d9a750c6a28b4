import type { Pool, PoolClient } from "pg";
import type { TurnUser } from "../../bots/bot.ts";
import type { LaterChange, LaterMessage } from "../../core/message/unprompted-message.ts";
import { inTransaction } from "../../storage/transaction.ts";
import { mergeParticipantData } from "../../users/participant-writes-repository.ts";
import type { Lane } from "../lanes/turn-repository.ts";
import type { FinishRepository } from "./finish-repository.ts";
import type { TurnCommit, TurnCommitted } from "./turn-commit.ts";
import type { TurnEffects } from "./turn-outcome.ts";

export interface FinishEffectsDeps {
  pool: Pool;
  repository: FinishRepository;
  /** Ends the session. Messages that wait after the turn go to the next session. */
  endSession(client: PoolClient, end: { sessionId: string; afterSeq: number }): Promise<unknown>;
  /** Schedules a message for the lane's user. */
  scheduleLater(client: PoolClient, lane: Lane & { user: TurnUser }, later: LaterMessage): Promise<unknown>;
  /** Requests a person, so the bot answers no message after this turn. */
  handOff(client: PoolClient): Promise<unknown>;
  /** Changes an earlier scheduled message. */
  changeLater(client: PoolClient, lane: Lane & { user: TurnUser }, change: LaterChange): Promise<unknown>;
}

/** Commits a turn together with the bot's other decisions: participant data, the end of the session. */
export async function finishWithEffects(
  deps: FinishEffectsDeps,
  commit: TurnCommit,
  lane: Lane,
  effects: TurnEffects,
): Promise<TurnCommitted> {
  return inTransaction(deps.pool, async (client) => {
    const [result] = await deps.repository.finish([commit], client);
    if (!result || result.kind === "lost") return { kind: "lost" };
    if (effects.participantData && lane.user) {
      const { sessionId, agentId, user } = lane;
      await mergeParticipantData(client, { userId: user.id, sessionId, agentId }, effects.participantData);
    }
    // Without a known user there is nobody to write to later.
    const { user } = lane;
    if (user) {
      for (const later of effects.later) await deps.scheduleLater(client, { ...lane, user }, later);
      for (const change of effects.laterChanges) await deps.changeLater(client, { ...lane, user }, change);
    }
    if (!effects.endSession && effects.handoff) {
      await deps.handOff(client);
      return { kind: "committed", more: false };
    }
    if (!effects.endSession) return result;
    await deps.endSession(client, { sessionId: commit.sessionId, afterSeq: commit.answeredSeq });
    return { kind: "committed", more: false };
  });
}
