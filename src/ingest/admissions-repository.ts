import type { Pool, PoolClient } from "pg";
import { answerWords, lateWords } from "../access/card-words.ts";
import { type PlannedDelivery, planWords, requestOfCard } from "../access/cards-repository.ts";
import { type Answer, type Decider, decideAnswer } from "../access/decide-access.ts";
import { grantAccess } from "../access/grants-repository.ts";
import { type AnsweredRequest, lockRequest, settleRequests } from "../access/requests-repository.ts";
import { newId } from "../core/ids.ts";
import { readAccessPress } from "../core/message/access-press.ts";
import type { InboundMessage } from "../core/message/inbound-message.ts";
import { nameLine } from "../core/message/name-line.ts";
import type { ChannelRef } from "../core/session/runtime.ts";
import { claimEvent } from "../sessions/event-keys-repository.ts";
import { inTransaction } from "../storage/transaction.ts";
import { storeGathered } from "./gathering-repository.ts";
import { release } from "./held-messages-repository.ts";
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
  /** The waiting messages are stored, so their turns begin. */
  onReleased(released: readonly ReleasedMessage[]): void;
  /** Sends the result of a request to approvers. */
  tell(planned: readonly PlannedDelivery[]): void;
}

export type Admissions = ReturnType<typeof createAdmissions>;

/** Gives people access, and refuses it. The commit that gives access also stores the waiting messages. */
export function createAdmissions(pool: Pool, { lease, onReleased, tell }: AdmissionsDeps) {
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

  /** Answers a locked request. Approvers read the result below their cards. */
  async function decide(
    client: PoolClient,
    request: AnsweredRequest,
    answer: Answer,
    by: Decider,
  ): Promise<Done> {
    const requestId = request.id;
    const decision = decideAnswer(request.state, answer);
    if (decision.kind !== "counts") return { outcome: { ...decision, requestId }, released: [], planned: [] };
    const released = await settle(client, request, answer, by);
    const planned = await planWords(client, request, answerWords(request, answer, by));
    return { outcome: { kind: "settled", requestId }, released, planned };
  }

  function finish({ released, planned }: Done): void {
    onReleased(released);
    tell(planned);
  }

  return {
    /** Answers a request, and with it all waiting requests of its user. Several answers at once have one effect. */
    async answer(
      workspaceId: string,
      named: { id: string } | { code: string },
      answer: Answer,
      by: Decider,
    ): Promise<Answered> {
      const done = await inTransaction(pool, async (client): Promise<Done> => {
        const request = await lockRequest(client, workspaceId, named);
        if (request === null) return NOTHING;
        return decide(client, request, answer, by);
      });
      finish(done);
      return done.outcome;
    },

    /** Answers the request of a card that an approver pressed. False: the pressed message is no card. */
    async answerPress(channel: ChannelRef, event: InboundMessage): Promise<boolean> {
      const press = readAccessPress(event);
      if (press === null) return false;
      const { cardId, answer } = press;
      const done = await inTransaction(pool, async (client): Promise<Done | null> => {
        const id = await requestOfCard(client, channel.id, cardId);
        if (id === null) return null;
        const request = await lockRequest(client, channel.workspaceId, { id });
        if (request === null || !(await claimEvent(client, channel.id, event.eventKeys, newId())))
          return NOTHING;
        const by = approverOf(channel, event);
        const decided = await decide(client, request, answer, by);
        const { outcome } = decided;
        if (outcome.kind === "settled" || outcome.kind === "unknown") return decided;
        return { ...decided, planned: await planWords(client, request, lateWords(outcome, by), { cardId }) };
      });
      if (done !== null) finish(done);
      return done !== null;
    },
  };
}

/** The outcome of an answer, and the work that follows the commit. */
interface Done {
  outcome: Answered;
  released: readonly ReleasedMessage[];
  planned: readonly PlannedDelivery[];
}

const NOTHING: Done = { outcome: { kind: "unknown" }, released: [], planned: [] };

function approverOf({ kind }: ChannelRef, { author, userName, conversation }: InboundMessage): Decider {
  const name = nameLine(author?.name ?? userName ?? "");
  return { name: name || (author?.identifier ?? conversation.userIdentifier), via: kind };
}
