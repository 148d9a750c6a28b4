import { between, count, durationInWords, type Fact } from "./fact.ts";
import { tellArrival } from "./tell-arrival.ts";
import { tellDeliveries } from "./tell-delivery.ts";
import { sentence, tellTurn } from "./tell-turn.ts";
import type { FiringRow, TrailRows } from "./trail-rows.ts";

/** What happened to a message, from its arrival to its last receipt. */
export interface Trail {
  messageId: string;
  sessionId: string;
  executionId: string | null;
  /** All of it in one sentence or two. */
  summary: string;
  /** In the order they happened. */
  facts: Fact[];
}

/** Tells from rows what happened, and why. Pure. */
export function tellTrail(rows: TrailRows, now: Date): Trail {
  const facts = [
    ...tellArrival(rows),
    ...tellTurn(rows),
    ...tellDeliveries(rows, now),
    ...rows.firings.map(tellFiring),
  ];
  return {
    messageId: rows.messageId,
    sessionId: rows.session.id,
    executionId: rows.turn?.id ?? null,
    summary: [summarizeTurn(rows, now), summarizeDeliveries(rows)].filter((part) => part !== null).join(" "),
    // Stable: what one commit wrote has one time, and stays in the order it is told in.
    facts: facts.sort((a, b) => a.at.getTime() - b.at.getTime()),
  };
}

const OUTCOMES: Readonly<Record<string, string>> = {
  completed: "was carried out",
  skipped: "was skipped",
  failed: "failed",
  unreachable: "reached nobody",
};

function tellFiring({ id, event, rule, status, reason, results, createdAt }: FiringRow): Fact {
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
  const { turn, asked, said } = rows;
  const first = asked[0];
  if (turn === null || first === undefined) {
    if (first?.origin === "command") return "A reset, which is not answered by the bot.";
    return said.length > 0 ? "Said without being asked." : "Not a message that is answered.";
  }
  const with_ = asked.length > 1 ? `, ${asked.length} messages together` : "";
  const tries = turn.attempts > 1 ? ` at try ${turn.attempts}` : "";
  switch (turn.status) {
    case "completed": {
      const took =
        turn.endedAt === null ? "" : ` after ${durationInWords(between(first.createdAt, turn.endedAt))}`;
      return said.length === 0
        ? `Not answered: the bot chose to say nothing.`
        : `Answered${took}${tries}${with_}.`;
    }
    case "failed":
      return `Not answered: ${lower(sentence(turn.error ?? "the turn failed"))}`;
    case "cancelled":
      return `Not answered: ${lower(sentence(turn.error ?? "it was cancelled"))}`;
    default:
      return `Not answered yet, after ${durationInWords(between(first.createdAt, now))}: ${whyWaiting(rows)}.`;
  }
}

function whyWaiting({ turn, ahead, session, incidents }: TrailRows): string {
  const last = incidents.filter(({ subjectId }) => subjectId === turn?.id).at(-1);
  if (last !== undefined) return `try ${last.attempt} failed (${last.code})`;
  if (turn?.status === "running") return "the bot is being asked";
  if (ahead !== null && ahead.endedAt === null)
    return `the answer before it is not written yet (${ahead.id})`;
  return session.isHeld ? "its turn is being prepared" : "no process has taken it yet";
}

function summarizeDeliveries({ deliveries }: TrailRows): string | null {
  if (deliveries.length === 0) return null;
  const having = (...wanted: string[]) => deliveries.filter(({ status }) => wanted.includes(status));
  const [failed] = having("failed");
  if (failed !== undefined)
    return `Not delivered: ${lower(sentence(failed.error ?? "the platform refused it"))}`;
  if (having("unknown").length > 0) return "Whether it was delivered is not known.";
  if (having("queued", "sending").length > 0) return "Not delivered yet.";
  const duplicate = deliveries.some(({ possibleDuplicate }) => possibleDuplicate) ? ", perhaps twice" : "";
  const parts = deliveries.length > 1 ? ` in ${deliveries.length} parts` : "";
  const best =
    having("read").length === deliveries.length ? "Read" : having("sent").length > 0 ? "Sent" : "Delivered";
  return `${best}${parts}${duplicate}.`;
}

const lower = (text: string) => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
