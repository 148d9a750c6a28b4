import type { Trail } from "./describe-trail.ts";
import type { Fact } from "./fact.ts";

/** A request of a person who had no access when they wrote. */
export interface AccessFacts {
  id: string;
  state: "waiting" | "approved" | "denied" | "expired";
  channel: string;
  messageIds: string[];
  /** The reason why the sender's invite is not valid; null: the sender wrote none. */
  invite: "used_up" | "expired" | "unknown" | null;
  unkept: number;
  requestedAt: Date;
  expiresAt: Date;
  decidedAt: Date | null;
  byName: string | null;
  byVia: string | null;
  /** The text that tells the sender to wait; null: no text was sent. */
  notice: { id: string; status: string; error: string | null } | null;
}

const INVITES = {
  used_up: "Its sender was not let in yet: the invite has let in as many people as it may.",
  expired: "Its sender was not let in yet: the invite's time is over.",
  unknown: "Its sender was not let in yet: there is no such invite on this channel.",
} as const;

/** Describes how a message waited until its sender got access. */
export function describeAccess(request: AccessFacts): Fact[] {
  const about = { type: "access_request" as const, id: request.id };
  const { requestedAt, decidedAt, unkept, notice } = request;
  const facts: Fact[] = [
    {
      at: requestedAt,
      what: `A message arrived on ${request.channel} and was held.`,
      why: request.invite === null ? "Its sender was not let in yet." : INVITES[request.invite],
      about,
    },
  ];
  if (notice !== null)
    facts.push({
      at: requestedAt,
      what: `The sender is told to wait: that delivery is ${notice.status}.`,
      why: notice.error,
      about: { type: "delivery", id: notice.id },
    });
  if (unkept > 0)
    facts.push({
      at: decidedAt ?? requestedAt,
      what: `Later messages of the sender were not kept: ${unkept}.`,
      why: "Only the first messages of somebody who is not let in are kept.",
      about,
    });
  const end = endOf(request);
  if (end !== null) facts.push({ at: decidedAt ?? request.expiresAt, what: end, why: null, about });
  return facts;
}

function endOf({ state, byName, byVia }: AccessFacts): string | null {
  const who = `${byName ?? "somebody"} (${byVia ?? "api"})`;
  if (state === "approved") return `${who} let the sender in.`;
  if (state === "denied") return `${who} did not let the sender in, and the message was deleted.`;
  return state === "expired" ? "Nobody let the sender in in time, and the message was deleted." : null;
}

/** The history of a message that is in no session, because its sender has no access. */
export function describeHeld(request: AccessFacts): Trail {
  const [messageId = request.id] = request.messageIds;
  return {
    messageId,
    sessionId: null,
    executionId: null,
    traceId: null,
    summary:
      request.state === "waiting"
        ? `Held: not let in yet. The request waits until ${request.expiresAt.toISOString()}.`
        : `Not answered: ${endOf(request)}`,
    facts: describeAccess(request),
  };
}
