import type { Pool, PoolClient } from "pg";
import { type Answer, decideAnswer } from "../access/decide-access.ts";
import {
  type AnsweredRequest,
  type Decider,
  grantAccess,
  lockRequest,
  settleRequests,
} from "../access/requests-repository.ts";
import { newId } from "../core/ids.ts";
import { inTransaction } from "../storage/transaction.ts";
import { release } from "./access-repository.ts";
import { storeGathered } from "./gathering-repository.ts";
import type { LeaseClaim, ReleasedMessage } from "./inbound-row.ts";

/** The outcome of an operator's answer to a request. */
export type Answered =
  | { kind: "settled"; requestId: string }
  /** The same answer was given before. */
  | { kind: "repeated"; requestId: string }
  /** Another answer was given before. */
  | { kind: "decided"; requestId: string; state: "approved" | "denied" }
  | { kind: "expired"; requestId: string }
  | { kind: "unknown" };

export interface AdmissionsDeps {
  lease: LeaseClaim;
  /** The messages that waited are stored, so their turns begin. */
  onReleased(released: readonly ReleasedMessage[]): void;
}

export type Admissions = ReturnType<typeof createAdmissions>;

/** Lets people in, and refuses them. The commit that lets somebody in also stores the messages that waited. */
export function createAdmissions(pool: Pool, { lease, onReleased }: AdmissionsDeps) {
  async function settle(
    client: PoolClient,
    request: AnsweredRequest,
    answer: Answer,
    by: Decider,
  ): Promise<ReleasedMessage[]> {
    const { workspaceId, channelId, identifier, name } = request;
    if (answer === "denied") {
      await settleRequests(client, request, answer, by);
      return [];
    }
    await grantAccess(client, {
      id: newId(),
      workspaceId,
      channelId,
      identifier,
      name,
      source: "request",
      by,
    });
    const rows = await release(client, { channelId, userIdentifier: identifier }, by);
    const outcomes = await storeGathered(client, rows, lease);
    return rows.flatMap((row, index) => {
      const outcome = outcomes[index];
      return outcome === undefined ? [] : [{ row, outcome }];
    });
  }

  return {
    /** Answers a request, and with it all waiting requests of its user. Several answers at once have one effect. */
    async answer(
      workspaceId: string,
      named: { id: string } | { code: string },
      answer: Answer,
      by: Decider,
    ): Promise<Answered> {
      const { outcome, released } = await inTransaction(
        pool,
        async (client): Promise<{ outcome: Answered; released: ReleasedMessage[] }> => {
          const request = await lockRequest(client, workspaceId, named);
          if (request === null) return { outcome: { kind: "unknown" }, released: [] };
          const requestId = request.id;
          const decision = decideAnswer(request.state, answer);
          if (decision.kind !== "counts") return { outcome: { ...decision, requestId }, released: [] };
          const stored = await settle(client, request, answer, by);
          return { outcome: { kind: "settled", requestId }, released: stored };
        },
      );
      onReleased(released);
      return outcome;
    },
  };
}
