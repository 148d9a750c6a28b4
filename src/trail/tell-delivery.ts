import { between, durationInWords, type Fact } from "./fact.ts";
import { sentence } from "./tell-turn.ts";
import type { DeliveryRow, IncidentRow, TrailRows } from "./trail-rows.ts";

/** A wait shorter than this needs no explanation, milliseconds. */
const NOTABLE_WAIT_MS = 1_000;

/** What became of each send of a reply. */
export function tellDeliveries(rows: TrailRows, now: Date): Fact[] {
  return rows.deliveries.flatMap((delivery) => tellDelivery(delivery, rows, now));
}

function tellDelivery(
  delivery: DeliveryRow,
  { deliveries, incidents, session }: TrailRows,
  now: Date,
): Fact[] {
  const about = { type: "delivery" as const, id: delivery.id };
  const parts = deliveries.filter(({ messageId }) => messageId === delivery.messageId).length;
  const name = parts > 1 ? `Part ${delivery.part + 1} of ${parts}` : "The reply";
  const own = incidents.filter(({ subjectId }) => subjectId === delivery.id);
  const facts: Fact[] = own.map((row) => mishap(name, row));
  const { status, sentAt, updatedAt } = delivery;
  if (sentAt !== null)
    facts.push({
      at: sentAt,
      what: `${name} was taken by ${session.channel}${delivery.attempts > 1 ? ` at try ${delivery.attempts}` : ""}.`,
      why: noteOf(delivery) ?? whyLate(delivery, own, sentAt),
      about,
    });
  if (delivery.possibleDuplicate)
    facts.push({
      at: updatedAt,
      what: `${name} may have arrived twice.`,
      why: "The platform's answer to an earlier try was lost, so nobody can tell whether it had arrived.",
      about,
    });
  if (status === "read" || (status === "delivered" && sentAt !== null && updatedAt > sentAt))
    facts.push({
      at: updatedAt,
      what: `The platform says that ${lower(name)} was ${status}.`,
      why: null,
      about,
    });
  if (status === "queued" || status === "sending")
    facts.push({
      at: now,
      what: `${name} is not sent yet.`,
      why: whyWaiting(delivery, session.pausedUntil, now),
      about,
    });
  const isToldAlready = own.at(-1)?.outcome === status;
  if ((status === "failed" || status === "unknown") && !isToldAlready)
    facts.push({
      at: updatedAt,
      what:
        status === "failed" ? `${name} was not delivered.` : `Whether ${lower(name)} arrived is not known.`,
      why: delivery.error === null ? null : `${sentence(delivery.error)} (${delivery.errorCode})`,
      about,
    });
  return facts;
}

/** What is said of a delivery that was taken: that something else went out in its place. */
function noteOf({ status, error }: DeliveryRow): string | null {
  return error === null || status === "failed" || status === "unknown" ? null : sentence(error);
}

function mishap(name: string, { at, attempt, code, reason, outcome, nextAt, subjectId }: IncidentRow): Fact {
  const about = { type: "delivery" as const, id: subjectId };
  const why = `${sentence(reason)} (${code})`;
  if (code === "retried_by_operator")
    return { at, what: `${name} was put back to be sent again.`, why, about };
  if (code === "resolved_by_operator")
    return { at, what: `${name} was recorded as ${outcome === "sent" ? "sent" : "not sent"}.`, why, about };
  if (isHeldBack({ code, outcome, nextAt })) return { at, what: `${name} was held back.`, why, about };
  const later = nextAt === null ? "" : `, next try after ${durationInWords(between(at, nextAt))}`;
  if (outcome === "failed") return { at, what: `${name} was given up at try ${attempt}.`, why, about };
  if (outcome === "unknown")
    return {
      at,
      what: `Try ${attempt} of ${lower(name)} may have arrived${later || ", left to an operator"}.`,
      why,
      about,
    };
  return { at, what: `Try ${attempt} of ${lower(name)} did not arrive${later}.`, why, about };
}

/** It was not tried: it waits for the user. */
function isHeldBack({ code, outcome, nextAt }: Pick<IncidentRow, "code" | "outcome" | "nextAt">): boolean {
  return outcome === "retry" && nextAt === null && code !== "retried_by_operator";
}

function whyLate(
  { createdAt, behind }: DeliveryRow,
  own: readonly IncidentRow[],
  sentAt: Date,
): string | null {
  const waitedMs = between(createdAt, sentAt);
  if (waitedMs < NOTABLE_WAIT_MS) return null;
  const waited = `It took ${durationInWords(waitedMs)}`;
  if (own.length > 0)
    return own.every(isHeldBack) ? `${waited}, until the user wrote.` : `${waited}, for the tries before.`;
  if (behind !== null) return `${waited}: delivery ${behind.id} of this conversation had to go first.`;
  return `${waited}: the channel had to wait, or no process was free for it.`;
}

function whyWaiting(
  { nextAttemptAt, behind, status, error }: DeliveryRow,
  pausedUntil: Date | null,
  now: Date,
): string {
  if (status === "sending") return "It is on its way to the platform.";
  if (pausedUntil !== null)
    return `The platform asked the whole channel to wait until ${pausedUntil.toISOString()}.`;
  // Due at no time: it waits for the user.
  if (nextAttemptAt === null && status === "queued" && error !== null) return sentence(error);
  if (nextAttemptAt !== null && nextAttemptAt > now)
    return `The next try is at ${nextAttemptAt.toISOString()}.`;
  if (behind !== null)
    return `Delivery ${behind.id} of this conversation goes first, and is ${behind.status}.`;
  return "It is due now.";
}

const lower = (name: string) => `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
