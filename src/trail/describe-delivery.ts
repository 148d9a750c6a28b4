import { between, durationInWords, type Fact, sentence, uncapitalized } from "./fact.ts";
import type { DeliveryRow, IncidentRow, TrailRows } from "./trail-rows.ts";

/** A shorter wait needs no explanation, in milliseconds. */
const NOTABLE_WAIT_MS = 1_000;

/** Describes the result of each delivery of a reply, and of each copy for a desk. */
export function describeDeliveries(rows: TrailRows, now: Date): Fact[] {
  return rows.deliveries.flatMap((delivery) => describeDelivery(delivery, rows, now));
}

function describeDelivery(delivery: DeliveryRow, rows: TrailRows, now: Date): Fact[] {
  const { incidents, session } = rows;
  const { deskChannel } = delivery;
  const name = nameOf(delivery, rows);
  const own = incidents.filter(({ subjectId }) => subjectId === delivery.id);
  const about = { type: "delivery" as const, id: delivery.id };
  const pausedUntil = deskChannel === null ? session.pausedUntil : null;
  return [
    ...own.map((row) => incidentFact(name, row)),
    ...sentFacts(delivery, own, name, deskChannel ?? session.channel),
    ...stateFacts(delivery, own, name, { now, pausedUntil }),
  ].map((fact) => ({ ...fact, about }));
}

/** The delivery in words: the whole reply, a part of it, or the copy for the desk. */
function nameOf({ messageId, part, deskChannel }: DeliveryRow, { deliveries }: TrailRows): string {
  if (deskChannel !== null) return "The copy for the desk";
  const parts = deliveries.filter((other) => other.messageId === messageId && other.deskChannel === null);
  return parts.length > 1 ? `Part ${part + 1} of ${parts.length}` : "The reply";
}

/** The facts about a delivery that the platform accepted. */
function sentFacts(
  delivery: DeliveryRow,
  own: readonly IncidentRow[],
  name: string,
  channel: string,
): Omit<Fact, "about">[] {
  const { sentAt, updatedAt, attempts, status } = delivery;
  const facts: Omit<Fact, "about">[] = [];
  if (sentAt !== null)
    facts.push({
      at: sentAt,
      what: `${name} was accepted by ${channel}${attempts > 1 ? ` at attempt ${attempts}` : ""}.`,
      why: noteOf(delivery) ?? whyLate(delivery, own, sentAt),
    });
  if (delivery.possibleDuplicate)
    facts.push({
      at: updatedAt,
      what: `${name} may have arrived twice.`,
      why: "The platform's answer to an earlier attempt was lost. That attempt may have arrived.",
    });
  if (status === "read" || (status === "delivered" && sentAt !== null && updatedAt > sentAt)) {
    const what = `The platform reports that ${uncapitalized(name)} was ${status}.`;
    facts.push({ at: updatedAt, what, why: null });
  }
  return facts;
}

/** The facts about a delivery that waits, or that did not arrive. */
function stateFacts(
  delivery: DeliveryRow,
  own: readonly IncidentRow[],
  name: string,
  { now, pausedUntil }: { now: Date; pausedUntil: Date | null },
): Omit<Fact, "about">[] {
  const { status, updatedAt, error, errorCode } = delivery;
  if (status === "queued" || status === "sending") {
    const why = whyWaiting(delivery, pausedUntil, now);
    return [{ at: now, what: `${name} is not sent yet.`, why }];
  }
  const isDescribed = own.at(-1)?.outcome === status;
  if ((status !== "failed" && status !== "unknown") || isDescribed) return [];
  const what =
    status === "failed" ? `${name} was not delivered.` : `It is unknown if ${uncapitalized(name)} arrived.`;
  return [{ at: updatedAt, what, why: error === null ? null : `${sentence(error)} (${errorCode})` }];
}

/** The note of an accepted delivery: another content was sent instead. */
function noteOf({ status, error }: DeliveryRow): string | null {
  return error === null || status === "failed" || status === "unknown" ? null : sentence(error);
}

function incidentFact(
  name: string,
  { at, attempt, code, reason, outcome, nextAt }: IncidentRow,
): Omit<Fact, "about"> {
  const why = `${sentence(reason)} (${code})`;
  if (code === "retried_by_operator") return { at, what: `${name} was queued again.`, why };
  if (code === "resolved_by_operator")
    return { at, what: `${name} was recorded as ${outcome === "sent" ? "sent" : "not sent"}.`, why };
  if (isHeldBack({ code, outcome, nextAt })) return { at, what: `${name} was held back.`, why };
  const later = nextAt === null ? "" : `, next attempt after ${durationInWords(between(at, nextAt))}`;
  if (outcome === "failed") return { at, what: `${name} was given up at attempt ${attempt}.`, why };
  if (outcome === "unknown")
    return {
      at,
      what: `Attempt ${attempt} of ${uncapitalized(name)} may have arrived${later || ", an operator must decide"}.`,
      why,
    };
  return { at, what: `Attempt ${attempt} of ${uncapitalized(name)} did not arrive${later}.`, why };
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
