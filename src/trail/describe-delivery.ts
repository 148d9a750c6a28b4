import { between, durationInWords, type Fact, sentence } from "./fact.ts";
import type { DeliveryRow, IncidentRow, TrailRows } from "./trail-rows.ts";

/** A shorter wait needs no explanation, in milliseconds. */
const NOTABLE_WAIT_MS = 1_000;

/** Describes the result of each delivery of a reply, and of each copy for a desk. */
export function describeDeliveries(rows: TrailRows, now: Date): Fact[] {
  return rows.deliveries.flatMap((delivery) => describeDelivery(delivery, rows, now));
}

function describeDelivery(
  delivery: DeliveryRow,
  { deliveries, incidents, session }: TrailRows,
  now: Date,
): Fact[] {
  const about = { type: "delivery" as const, id: delivery.id };
  const { messageId, deskChannel } = delivery;
  const parts = deliveries.filter(
    (other) => other.messageId === messageId && other.deskChannel === null,
  ).length;
  const replyName = parts > 1 ? `Part ${delivery.part + 1} of ${parts}` : "The reply";
  const name = deskChannel === null ? replyName : "The copy for the desk";
  const channel = deskChannel ?? session.channel;
  const own = incidents.filter(({ subjectId }) => subjectId === delivery.id);
  const facts: Fact[] = own.map((row) => incidentFact(name, row));
  const { status, sentAt, updatedAt } = delivery;
  if (sentAt !== null)
    facts.push({
      at: sentAt,
      what: `${name} was accepted by ${channel}${delivery.attempts > 1 ? ` at attempt ${delivery.attempts}` : ""}.`,
      why: noteOf(delivery) ?? whyLate(delivery, own, sentAt),
      about,
    });
  if (delivery.possibleDuplicate)
    facts.push({
      at: updatedAt,
      what: `${name} may have arrived twice.`,
      why: "The platform's answer to an earlier attempt was lost. That attempt may have arrived.",
      about,
    });
  if (status === "read" || (status === "delivered" && sentAt !== null && updatedAt > sentAt))
    facts.push({
      at: updatedAt,
      what: `The platform reports that ${lower(name)} was ${status}.`,
      why: null,
      about,
    });
  if (status === "queued" || status === "sending")
    facts.push({
      at: now,
      what: `${name} is not sent yet.`,
      why: whyWaiting(delivery, deskChannel === null ? session.pausedUntil : null, now),
      about,
    });
  const isDescribed = own.at(-1)?.outcome === status;
  if ((status === "failed" || status === "unknown") && !isDescribed)
    facts.push({
      at: updatedAt,
      what: status === "failed" ? `${name} was not delivered.` : `It is unknown if ${lower(name)} arrived.`,
      why: delivery.error === null ? null : `${sentence(delivery.error)} (${delivery.errorCode})`,
      about,
    });
  return facts;
}

/** The note of an accepted delivery: another content was sent instead. */
function noteOf({ status, error }: DeliveryRow): string | null {
  return error === null || status === "failed" || status === "unknown" ? null : sentence(error);
}

function incidentFact(
  name: string,
  { at, attempt, code, reason, outcome, nextAt, subjectId }: IncidentRow,
): Fact {
  const about = { type: "delivery" as const, id: subjectId };
  const why = `${sentence(reason)} (${code})`;
  if (code === "retried_by_operator") return { at, what: `${name} was queued again.`, why, about };
  if (code === "resolved_by_operator")
    return { at, what: `${name} was recorded as ${outcome === "sent" ? "sent" : "not sent"}.`, why, about };
  if (isHeldBack({ code, outcome, nextAt })) return { at, what: `${name} was held back.`, why, about };
  const later = nextAt === null ? "" : `, next attempt after ${durationInWords(between(at, nextAt))}`;
  if (outcome === "failed") return { at, what: `${name} was given up at attempt ${attempt}.`, why, about };
  if (outcome === "unknown")
    return {
      at,
      what: `Attempt ${attempt} of ${lower(name)} may have arrived${later || ", an operator must decide"}.`,
      why,
      about,
    };
  return { at, what: `Attempt ${attempt} of ${lower(name)} did not arrive${later}.`, why, about };
}

/** True if the delivery was not attempted, because it waits for the user. */
function isHeldBack({ code, outcome, nextAt }: Pick<IncidentRow, "code" | "outcome" | "nextAt">): boolean {
  return outcome === "retry" && nextAt === null && code !== "retried_by_operator";
}

function whyLate(
  { createdAt, blockedBy }: DeliveryRow,
  own: readonly IncidentRow[],
  sentAt: Date,
): string | null {
  const waitedMs = between(createdAt, sentAt);
  if (waitedMs < NOTABLE_WAIT_MS) return null;
  const waited = `It took ${durationInWords(waitedMs)}`;
  if (own.length > 0)
    return own.every(isHeldBack)
      ? `${waited}, until the user wrote.`
      : `${waited}, because of earlier attempts.`;
  if (blockedBy !== null) return `${waited}: delivery ${blockedBy.id} of this conversation had to go first.`;
  return `${waited}: the channel had to wait, or no process was free.`;
}

function whyWaiting(
  { nextAttemptAt, blockedBy, status, error }: DeliveryRow,
  pausedUntil: Date | null,
  now: Date,
): string {
  if (status === "sending") return "It is on its way to the platform.";
  if (pausedUntil !== null)
    return `The platform asked the whole channel to wait until ${pausedUntil.toISOString()}.`;
  // Without a due time, the delivery waits for the user.
  if (nextAttemptAt === null && status === "queued" && error !== null) return sentence(error);
  if (nextAttemptAt !== null && nextAttemptAt > now)
    return `The next attempt is at ${nextAttemptAt.toISOString()}.`;
  if (blockedBy !== null)
    return `Delivery ${blockedBy.id} of this conversation goes first, and is ${blockedBy.status}.`;
  return "It is due now.";
}

const lower = (name: string) => `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
