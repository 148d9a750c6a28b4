import { HANDOFF_CODE } from "../core/session/handoff-settings.ts";
import type { Fact } from "./fact.ts";
import type { HandoffFacts, TrailRows } from "./trail-rows.ts";

/** The handoff in which a person was to answer a message, in the order of its stages. */
export function describeHandoff(rows: TrailRows): Fact[] {
  const handoff = personFor(rows);
  if (handoff === null) return [];
  const about = { type: "message" as const, id: rows.messageId };
  const { reason, requestedAt, takenAt, releasedAt } = handoff;
  const facts: Fact[] = [
    { at: requestedAt, what: "A person was asked for, and the bot is silent.", why: reason, about },
  ];
  if (takenAt !== null) facts.push({ at: takenAt, what: `${nameOf(handoff)} took over.`, why: null, about });
  if (releasedAt !== null)
    facts.push({ at: releasedAt, what: "The conversation went back to the bot.", why: null, about });
  return facts;
}

/** Tells who answers a message and since when; null if the bot does. */
export function summarizeHandoff(rows: TrailRows): string | null {
  const handoff = personFor(rows);
  if (handoff === null) return null;
  const { requestedAt, takenAt, releasedAt } = handoff;
  const until = releasedAt === null ? "" : `, until ${releasedAt.toISOString()}`;
  if (takenAt === null)
    return `A person was asked for at ${requestedAt.toISOString()}, and nobody has taken over${until}.`;
  const verb = releasedAt === null ? "answers" : "answered";
  return `A person ${verb}: ${nameOf(handoff)}, since ${takenAt.toISOString()}${until}.`;
}

/** The handoff, unless the bot answered the message afterwards. */
function personFor({ handoff, turn, questions }: TrailRows): HandoffFacts | null {
  const isMessage = questions[0]?.origin === "user";
  return isMessage && (turn === null || turn.errorCode === HANDOFF_CODE) ? handoff : null;
}

function nameOf({ holderName, holderVia }: HandoffFacts): string {
  return `${holderName ?? "somebody"} (${holderVia ?? "api"})`;
}
