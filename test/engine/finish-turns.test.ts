import { expect, test } from "vitest";
import { createFinishRepository } from "../../src/turns/answering/finish-repository.ts";
import type { TurnCommit } from "../../src/turns/answering/turn-commit.ts";
import { addConversation, addWorkspace } from "../api/api-rows.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase, testPool } from "../support/postgres.ts";

const OWNER = "this-process";

/** A lane whose lease was taken again, with token 2, while the turn of token 1 was still under way. */
async function takenAgain(url: string) {
  const pool = testPool(url);
  const home = await addWorkspace(pool);
  const { sessionId } = await addConversation(pool, home);
  await pool.query(
    `UPDATE sessions SET next_seq = 11, inbound_seq = 10, answered_seq = 8, lease_owner = $2, lease_token = 2,
       lease_expires_at = now() + interval '1 hour' WHERE id = $1`,
    [sessionId, OWNER],
  );
  const turn = (leaseToken: number, answeredSeq: number, reply?: string): TurnCommit => ({
    sessionId,
    leaseToken,
    answeredSeq,
    executions: [],
    replies: reply === undefined ? [] : [replyRow(reply)],
  });
  return {
    pool,
    turn,
    finished: createFinishRepository(pool, { owner: OWNER, leaseMs: 10_000, sendLeaseMs: 60_000 }),
  };
}

const replyRow = (id: string): TurnCommit["replies"][number] => ({
  id,
  role: "assistant",
  origin: "bot",
  content: id,
  buttons: null,
  choices: null,
  files: [],
  metadata: {},
  executionId: null,
  deliveries: [{ id: `send-${id}`, content: id, buttons: null }],
});

for (const order of ["before", "after"] as const) {
  for (const stale of ["without a reply", "with a reply"] as const) {
    test(`a turn ${stale} and without its lease changes nothing ${order} the turn with the lease, in one commit`, async () => {
      await using database = await createTestDatabase();
      const { pool, turn, finished } = await takenAgain(database.url);
      try {
        const lost = turn(1, 8, stale === "with a reply" ? "late" : undefined);
        const held = turn(2, 10, "right");
        const commits = order === "before" ? [lost, held] : [held, lost];
        const outcomes = await finished.finish(commits);
        expect(outcomes[commits.indexOf(lost)]).toEqual({ kind: "lost" });
        expect(outcomes[commits.indexOf(held)]).toEqual({ kind: "committed", more: false });
        const { rows } = await pool.query(
          `SELECT s.next_seq, s.answered_seq, s.lease_owner, m.id, m.seq, m.turn_seq, d.id AS delivery FROM sessions s
           JOIN messages m ON m.session_id = s.id AND m.seq > 2 LEFT JOIN deliveries d ON d.message_id = m.id`,
        );
        expect(rows).toEqual([
          {
            next_seq: 12,
            answered_seq: 10,
            lease_owner: null,
            id: "right",
            seq: 11,
            turn_seq: 10,
            delivery: "send-right",
          },
        ]);
        const found = await finished.findWritten(commits);
        expect(found[commits.indexOf(lost)]).toEqual({ kind: "lost" });
      } finally {
        await pool.end();
      }
    });
  }
}

test("a commit claims the deliveries of its turn, unless another one may stand before them or the channel pauses", async () => {
  await using database = await createTestDatabase();
  const { pool, turn, finished } = await takenAgain(database.url);
  const end = async (reply: string) => {
    // Another message waits, so the lane keeps its lease.
    const [outcome] = await finished.finish([{ ...turn(2, 9, reply), claims: true }]);
    const { rows } = await pool.query(
      "SELECT status, attempts, claimed_by AS owner, claimed_until > now() AS lasts FROM deliveries WHERE id = $1",
      [`send-${reply}`],
    );
    return { ...outcome, ...rows[0] };
  };
  const settle = () => pool.query("UPDATE deliveries SET status = 'sent'");
  const committed = { kind: "committed", more: true };
  const queued = { ...committed, status: "queued", attempts: 0, owner: null, lasts: null };
  const other = await pool.connect();
  try {
    await pool.query("UPDATE sessions SET address = 'chat'");
    await settle();
    const claimed = {
      ...committed,
      claimedAt: "chat",
      status: "sending",
      attempts: 1,
      owner: OWNER,
      lasts: true,
    };
    expect(await end("first")).toEqual(claimed);
    expect(await end("behind the first")).toEqual(queued);
    await settle();
    await pool.query("UPDATE channels SET paused_until = now() + interval '1 hour'");
    expect(await end("paused")).toEqual(queued);
    await pool.query("UPDATE channels SET paused_until = NULL");
    await settle();

    // An operator's message commits while the end of the turn waits for the session.
    await other.query("BEGIN");
    await other.query("UPDATE sessions SET next_seq = next_seq + 1");
    await other.query(
      `INSERT INTO deliveries (id, workspace_id, channel_id, session_id, message_id, address, content)
       SELECT 'operator', s.workspace_id, s.channel_id, s.id, m.id, s.address, 'Hello'
       FROM sessions s, (SELECT id FROM messages LIMIT 1) m`,
    );
    const ending = end("behind the operator");
    await eventually(async () => {
      const waits =
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
      expect((await pool.query(waits)).rowCount).toBe(1);
    });
    await other.query("COMMIT");
    expect(await ending).toEqual(queued);
    await settle();
    expect(await end("last")).toEqual(claimed);
  } finally {
    other.release();
    await pool.end();
  }
});
