import { traceIdOf } from "../core/trace/trace-ids.ts";
import { describeAccess } from "./describe-access.ts";
import { describeArrival } from "./describe-arrival.ts";
import { describeDeliveries } from "./describe-delivery.ts";
import { describeHandoff, summarizeHandoff } from "./describe-handoff.ts";
import { describeTurn } from "./describe-turn.ts";
import { between, count, durationInWords, type Fact, sentence, uncapitalized } from "./fact.ts";
import type { FiringRow, TrailRows } from "./trail-rows.ts";

/** The history of a message, from its arrival to its last receipt. */
export interface Trail {
  messageId: string;
  /** Null: its sender has no access. */
  sessionId: string | null;
  executionId: string | null;
  /** The id of its trace, if messages are traced. Null: its sender has no access. */
  traceId: string | null;
  /** The whole history in one or two sentences. */
  summary: string;
  /** In chronological order. */
  facts: Fact[];
}

/** Describes from rows what happened, and why. Pure. */
export function describeTrail(rows: TrailRows, now: Date): Trail {
  const facts = [
    ...(rows.access === null ? [] : describeAccess(rows.access)),
    ...describeArrival(rows),
    ...describeTurn(rows),
    ...describeHandoff(rows),
    ...describeDeliveries(rows, now),
    ...rows.firings.map(describeFiring),
  ];
  return {
    messageId: rows.messageId,
    sessionId: rows.session.id,
    executionId: rows.turn?.id ?? null,
    traceId: traceIdOf({
      messageId: rows.turn?.userMessageId ?? rows.messageId,
      traceparent:
        rows.turn?.traceparent ?? rows.replies.find(({ id }) => id === rows.messageId)?.traceparent ?? null,
    }),
    summary: [summarizeHandoff(rows) ?? summarizeTurn(rows, now), summarizeDeliveries(rows)]
      .filter((part) => part !== null)
      .join(" "),
    // The sort is stable. Facts of one commit have the same time, and keep their order.
    facts: facts.sort((a, b) => a.at.getTime() - b.at.getTime()),
  };
}

const OUTCOMES: Readonly<Record<string, string>> = {
  completed: "completed",
  skipped: "was skipped",
  failed: "failed",
  unreachable: "reached nobody",
};

function describeFiring({ id, event, rule, status, reason, results, createdAt }: FiringRow): Fact {
  const came = OUTCOMES[status] ?? "waits";
  const actions = results.length === 0 ? "" : ` (${count(results.length, "action", "actions")})`;
  return {
    at: createdAt,
    what: `Event rule ${rule + 1}, on ${event}, fired and ${came}${actions}.`,
    why: reason === null ? null : sentence(reason),
    about: { type: "event", id },
  };
}

function summarizeTurn(rows: TrailRows, now: Date): string | null {
  const { turn, questions, replies } = rows;
  const first = questions[0];
  if (turn === null || first === undefined) {
    if (first?.origin === "command") return "A reset. The bot does not answer it.";
    return replies.length > 0 ? "An unprompted message." : "A message that needs no answer.";
  }
  const together = questions.length > 1 ? `, ${questions.length} messages together` : "";
  const attempt = turn.attempts > 1 ? ` at attempt ${turn.attempts}` : "";
  switch (turn.status) {
    case "completed": {
      const took =
        turn.endedAt === null ? "" : ` after ${durationInWords(between(first.createdAt, turn.endedAt))}`;
      return replies.length === 0
        ? "Not answered: the bot chose to stay silent."
        : `Answered${took}${attempt}${together}.`;
    }
    case "failed":
      return `Not answered: ${uncapitalized(sentence(turn.error ?? "the turn failed"))}`;
    case "cancelled":
      return `Not answered: ${uncapitalized(sentence(turn.error ?? "it was cancelled"))}`;
    default:
      return `Not answered yet, after ${durationInWords(between(first.createdAt, now))}: ${whyWaiting(rows)}.`;
  }
}

function whyWaiting({ turn, previousTurn, session, incidents }: TrailRows): string {
  const last = incidents.filter(({ subjectId }) => subjectId === turn?.id).at(-1);
  if (last !== undefined) return `attempt ${last.attempt} failed (${last.code})`;
  if (turn?.status === "running") return "the bot is writing";
  if (previousTurn !== null && previousTurn.endedAt === null)
    return `the previous turn is still running (${previousTurn.id})`;
  return session.isLeased ? "a process is preparing its turn" : "no process has taken it yet";
}

/** Copies for a desk do not show if the user got the message. */
function summarizeDeliveries(rows: TrailRows): string | null {
  const deliveries = rows.deliveries.filter(({ deskChannel }) => deskChannel === null);
  if (deliveries.length === 0) return null;
  const having = (...wanted: string[]) => deliveries.filter(({ status }) => wanted.includes(status));
  const [failed] = having("failed");
  if (failed !== undefined)
    return `Not delivered: ${uncapitalized(sentence(failed.error ?? "the platform refused it"))}`;
  if (having("unknown").length > 0) return "It is unknown if it was delivered.";
  if (having("queued", "sending").length > 0) return "Not delivered yet.";
  const duplicate = deliveries.some(({ possibleDuplicate }) => possibleDuplicate) ? ", perhaps twice" : "";
  const parts = deliveries.length > 1 ? ` in ${deliveries.length} parts` : "";
  const best =
    having("read").length === deliveries.length ? "Read" : having("sent").length > 0 ? "Sent" : "Delivered";
  return `${best}${parts}${duplicate}.`;
}
