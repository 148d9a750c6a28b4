import { causeOf, collectWindow } from "./describe-arrival.ts";
import { HEARING, hearingIncident, SPEAKING, speakingIncident } from "./describe-voice.ts";
import { between, count, durationInWords, type Fact, sentence } from "./fact.ts";
import type { IncidentRow, ReplyRow, TrailRows, TurnRow } from "./trail-rows.ts";

/** A shorter wait needs no explanation, in milliseconds. */
const NOTABLE_WAIT_MS = 250;

/** Describes the bot's input, its attempts, and the result. */
export function describeTurn(rows: TrailRows): Fact[] {
  const { turn, questions, replies, incidents } = rows;
  if (turn === null) return replies.map((message) => replyFact(message, null));
  const about = { type: "execution" as const, id: turn.id };
  const facts: Fact[] = [];
  const merged = questions.filter(({ mergedInto }) => mergedInto === turn.id);
  if (merged.length > 0)
    facts.push({
      at: turn.startedAt ?? turn.createdAt,
      what: `The bot answered ${count(merged.length, "message", "messages")} together with a later one.`,
      why: whyMerged(rows),
      about,
    });
  if (turn.startedAt !== null)
    facts.push({
      at: turn.startedAt,
      what: "The bot was called.",
      why: whyLate(rows, turn.startedAt),
      about,
    });
  facts.push(...incidents.filter(({ subjectId }) => subjectId === turn.id).map((row) => incidentFact(row)));
  if (turn.cancelRequestedAt !== null)
    facts.push({
      at: turn.cancelRequestedAt,
      what: "Somebody asked to cancel the turn.",
      why: null,
      about,
    });
  facts.push(...replies.map((message) => replyFact(message, turn)));
  if (turn.endedAt !== null) facts.push({ at: turn.endedAt, ...endOf(turn, replies), about });
  return facts;
}

function whyMerged({ session }: TrailRows): string {
  const window = collectWindow(session);
  if (window !== null) return `The agent collects messages for ${window}.`;
  return session.turns["policy"] === "interrupt"
    ? "The agent stops an answer when another message arrives."
    : "They were already waiting when the turn started.";
}

function whyLate({ questions, previousTurn, session }: TrailRows, startedAt: Date): string | null {
  const first = questions[0];
  const waitedMs = first === undefined ? 0 : between(first.createdAt, startedAt);
  if (waitedMs < NOTABLE_WAIT_MS) return null;
  const waited = `It waited ${durationInWords(waitedMs)}`;
  if (previousTurn !== null) return `${waited}: the previous turn was still running (${previousTurn.id}).`;
  const window = collectWindow(session);
  if (window !== null) return `${waited}: the agent collects messages for ${window}.`;
  return `${waited}: no process was free, or its process had ended.`;
}

function incidentFact({ at, attempt, code, reason, outcome, nextAt, subjectId }: IncidentRow): Fact {
  const about = { type: "execution" as const, id: subjectId };
  if (code === "taken_over")
    return { at, what: "Another process took over the turn.", why: `${sentence(reason)}`, about };
  if (code.startsWith(HEARING))
    return hearingIncident({ at, attempt, code, reason, outcome, nextAt, subjectId });
  if (code.startsWith(SPEAKING))
    return speakingIncident({ at, attempt, code, reason, outcome, nextAt, subjectId });
  const next =
    outcome === "failed"
      ? "the turn was given up"
      : `was repeated${nextAt === null ? "" : ` after ${durationInWords(between(at, nextAt))}`}`;
  return { at, what: `Attempt ${attempt} failed and ${next}.`, why: `${sentence(reason)} (${code})`, about };
}

function replyFact(message: ReplyRow, turn: TurnRow | null): Fact {
  const about = { type: "message" as const, id: message.id };
  const length = count(message.content.length, "character", "characters");
  const at = message.createdAt;
  if (message.person !== null)
    return { at, what: `${message.person} answered in the bot's place (${length}).`, why: null, about };
  if (message.origin === "operator")
    return { at, what: `A fixed text was sent (${length}).`, why: causeOf(message.keys), about };
  if (message.origin === "notice")
    return {
      at,
      what: `A fixed text of the agent was sent (${length}).`,
      why: turn === null ? "It confirms a reset." : "The bot gave no answer.",
      about,
    };
  return { at, what: `A reply was stored (${length}).`, why: null, about };
}

function endOf(turn: TurnRow, replies: readonly ReplyRow[]): { what: string; why: string | null } {
  const why =
    turn.error === null ? null : `${sentence(turn.error)}${turn.errorCode ? ` (${turn.errorCode})` : ""}`;
  if (turn.status === "failed") return { what: "The turn failed.", why };
  if (turn.status === "cancelled") return { what: "The turn was cancelled.", why };
  const tokens = turn.totalTokens === null ? "" : `, ${turn.totalTokens} tokens`;
  const attempts = turn.attempts > 1 ? `, ${turn.attempts} attempts` : "";
  return replies.length === 0
    ? { what: `The turn ended without an answer${attempts}${tokens}.`, why: "The bot chose to stay silent." }
    : { what: `The turn ended with an answer${attempts}${tokens}.`, why: null };
}
