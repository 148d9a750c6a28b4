import type { Pool, PoolClient } from "pg";
import type { TurnUser } from "../bots/bot.ts";
import type { JsonObject } from "../core/json.ts";
import { mergePatch } from "../core/merge-patch.ts";
import type { LaterChange, LaterSaying } from "../core/saying.ts";
import { storableJson } from "../core/text.ts";
import { inTransaction } from "../storage/transaction.ts";
import type { FinishRepository, TurnCommit, TurnCommitted } from "./finish-repository.ts";
import type { TurnEffects } from "./run-turn.ts";
import type { Lane } from "./turn-repository.ts";

/** Commits a turn together with what else the bot decided: participant data, the end of the session. */
export async function finishWithEffects(
  deps: {
    pool: Pool;
    repository: FinishRepository;
    /** Ends the session; what waits behind the turn goes to the next one. */
    endSession(client: PoolClient, end: { sessionId: string; afterSeq: number }): Promise<unknown>;
    /** Puts down a message for the lane's user. */
    sayLater(client: PoolClient, lane: Lane & { user: TurnUser }, later: LaterSaying): Promise<unknown>;
    /** Changes what was put down before. */
    changeLater(client: PoolClient, lane: Lane & { user: TurnUser }, change: LaterChange): Promise<unknown>;
  },
  commit: TurnCommit,
  lane: Lane,
  effects: TurnEffects,
): Promise<TurnCommitted> {
  return inTransaction(deps.pool, async (client) => {
    const [result] = await deps.repository.finish([commit], client);
    if (!result || result.kind === "lost") return { kind: "lost" };
    if (effects.participantData && lane.user) {
      const key = [lane.user.id, lane.agentId];
      await client.query(
        "INSERT INTO participant_data (user_id, agent_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        key,
      );
      const { rows } = await client.query<{ data: JsonObject }>(
        "SELECT data FROM participant_data WHERE user_id = $1 AND agent_id = $2 FOR UPDATE",
        key,
      );
      const data = mergePatch(rows[0]?.data ?? {}, effects.participantData);
      await client.query(
        `UPDATE participant_data SET data = $3, revision = revision + 1, updated_at = now()
         WHERE user_id = $1 AND agent_id = $2`,
        [...key, storableJson(data)],
      );
    }
    // Where nobody is known there is nobody to write to later.
    const { user } = lane;
    if (user) {
      for (const later of effects.later) await deps.sayLater(client, { ...lane, user }, later);
      for (const change of effects.laterChanges) await deps.changeLater(client, { ...lane, user }, change);
    }
    if (!effects.endSession) return result;
    await deps.endSession(client, { sessionId: commit.sessionId, afterSeq: commit.answeredSeq });
    return { kind: "committed", more: false };
  });
}
