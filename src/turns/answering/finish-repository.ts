import type { Pool, PoolClient } from "pg";
import { storableJson } from "../../core/text/text.ts";
import { FINISH, SETTLED, type SettledRow } from "./finish-statement.ts";
import type { TurnCommit, TurnCommitted } from "./turn-commit.ts";
import { deliveryRecords, executionRecords, fileRecords, laneRecord, replyRecords } from "./turn-records.ts";

interface FinishedRow {
  turn: number;
  more: boolean | null;
  edited: boolean | null;
  claimed_at: string | null;
}

const LOST = { more: null, edited: null, claimed_at: null };

export type FinishRepository = ReturnType<typeof createFinishRepository>;

/** Ends turns. One statement writes all their data, so that either all of it is stored or nothing. */
export function createFinishRepository(
  pool: Pool,
  identity: { owner: string; leaseMs: number; sendLeaseMs: number },
) {
  const { owner, leaseMs, sendLeaseMs } = identity;
  return {
    /** Ends any number of turns in one commit. Returns one outcome per turn, in the given order. */
    async finish(commits: TurnCommit[], client: Pool | PoolClient = pool): Promise<TurnCommitted[]> {
      const { rows } = await client.query<FinishedRow>({
        name: "finish_turns",
        text: FINISH,
        values: [
          storableJson(commits.map(laneRecord)),
          storableJson(commits.flatMap(executionRecords)),
          storableJson(commits.flatMap(replyRecords)),
          storableJson(commits.flatMap(deliveryRecords).map((row, n) => ({ n, ...row }))),
          owner,
          leaseMs,
          storableJson(commits.flatMap(fileRecords)),
          sendLeaseMs,
        ],
      });
      const outcomes = new Map(rows.map((row) => [row.turn, row]));
      return commits.map((_commit, turn) => {
        const { more, edited, claimed_at: claimedAt } = outcomes.get(turn) ?? LOST;
        if (more === null) return { kind: "lost" };
        return {
          kind: "committed",
          more,
          ...(edited ? { edited } : {}),
          ...(claimedAt === null ? {} : { claimedAt }),
        };
      });
    },

    /**
     * The outcome of turns whose commit got no answer from the database. Null: it was not written, and may still be.
     */
    async findWritten(commits: TurnCommit[]): Promise<(TurnCommitted | null)[]> {
      const asked = commits.map(({ sessionId, leaseToken, answeredSeq, replies, executions }, turn) => ({
        turn,
        session_id: sessionId,
        lease_token: leaseToken,
        answered_seq: answeredSeq,
        reply_id: replies[0]?.id ?? null,
        execution_id: executions[0]?.id ?? null,
      }));
      const { rows } = await pool.query<SettledRow>(SETTLED, [storableJson(asked), owner]);
      const found = new Map(rows.map((row) => [row.turn, row]));
      return commits.map((_commit, turn) => {
        const row = found.get(turn);
        if (row === undefined) return { kind: "lost" };
        const held = row.same_lease && row.ours;
        // Nobody knows any more if a message was edited before that commit.
        if (row.written) return { kind: "committed", more: held, edited: true };
        return held ? null : { kind: "lost" };
      });
    },
  };
}
