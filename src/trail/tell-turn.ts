import { between, count, durationInWords, type Fact } from "./fact.ts";
import { causeOf, collectWindow } from "./tell-arrival.ts";
import type { IncidentRow, SaidRow, TrailRows, TurnRow } from "./trail-rows.ts";

/** A wait shorter than this needs no explanation, milliseconds. */
const NOTABLE_WAIT_MS = 250;

/** What the bot was asked, how often, and what came of it. */
export function tellTurn(rows: TrailRows): Fact[] {
  const { turn, asked, said, incidents } = rows;
  if (turn === null) return said.map((message) => spoken(message, null));
  const about = { type: "execution" as const, id: turn.id };
  const facts: Fact[] = [];
  const merged = asked.filter(({ mergedInto }) => mergedInto === turn.id);
  if (merged.length > 0)
    facts.push({
      at: turn.startedAt ?? turn.createdAt,
      what: `${count(merged.length, "message was", "messages were")} answered together with a later one.`,
      why: whyMerged(rows),
      about,
    });
  if (turn.startedAt !== null)
    facts.push({ at: turn.startedAt, what: "The bot was asked.", why: whyLate(rows, turn.startedAt), about });
  facts.push(...incidents.filter(({ subjectId }) => subjectId === turn.id).map((row) => mishap(row)));
  if (turn.cancelRequestedAt !== null)
    facts.push({
      at: turn.cancelRequestedAt,
      what: "Somebody asked for the answer to be stopped.",
      why: null,
      about,
    });
  facts.push(...said.map((message) => spoken(message, turn)));
  if (turn.endedAt !== null) facts.push({ at: turn.endedAt, ...ending(turn, said), about });
  return facts;
}

function whyMerged({ session }: TrailRows): string {
  const window = collectWindow(session);
  if (window !== null) return `The agent collects what arrives within ${window}.`;
  return session.turns["policy"] === "interrupt"
    ? "The agent drops an answer it is writing when another message arrives."
    : "They were waiting when the answer was begun.";
}

function whyLate({ asked, ahead, session }: TrailRows, startedAt: Date): string | null {
  const first = asked[0];
  const waitedMs = first === undefined ? 0 : between(first.createdAt, startedAt);
  if (waitedMs < NOTABLE_WAIT_MS) return null;
  const waited = `It waited ${durationInWords(waitedMs)}`;
  if (ahead !== null) return `${waited}: the answer before it was being written (${ahead.id}).`;
  const window = collectWindow(session);
  if (window !== null) return `${waited}: the agent collects what arrives within ${window}.`;
  return `${waited}: no process was free for it, or the one that was had ended.`;
}

function mishap({ at, attempt, code, reason, outcome, nextAt, subjectId }: IncidentRow): Fact {
  const about = { type: "execution" as const, id: subjectId };
  if (code === "taken_over")
    return { at, what: "Another process took the turn over.", why: `${sentence(reason)}`, about };
  const next =
    outcome === "failed"
      ? "it was given up"
      : `it was tried again${nextAt === null ? "" : ` after ${durationInWords(between(at, nextAt))}`}`;
  return { at, what: `Try ${attempt} failed, ${next}.`, why: `${sentence(reason)} (${code})`, about };
}

function spoken(message: SaidRow, turn: TurnRow | null): Fact {
  const about = { type: "message" as const, id: message.id };
  const length = count(message.content.length, "character", "characters");
  const at = message.createdAt;
  if (message.origin === "operator")
    return { at, what: `A text was sent as it is (${length}).`, why: causeOf(message.keys), about };
  if (message.origin === "notice")
    return {
      at,
      what: `The agent's own words were said (${length}).`,
      why: turn === null ? "They confirm a reset." : "There was no answer of the bot to give.",
      about,
    };
  return { at, what: `A reply was stored (${length}).`, why: null, about };
}

function ending(turn: TurnRow, said: readonly SaidRow[]): { what: string; why: string | null } {
  const why =
    turn.error === null ? null : `${sentence(turn.error)}${turn.errorCode ? ` (${turn.errorCode})` : ""}`;
  if (turn.status === "failed") return { what: "The turn failed.", why };
  if (turn.status === "cancelled") return { what: "The turn was cancelled.", why };
  const tokens = turn.totalTokens === null ? "" : `, ${turn.totalTokens} tokens`;
  const tries = turn.attempts > 1 ? `, ${turn.attempts} tries` : "";
  return said.length === 0
    ? { what: `The turn ended without an answer${tries}${tokens}.`, why: "The bot chose to say nothing." }
    : { what: `The turn ended with an answer${tries}${tokens}.`, why: null };
}

/** A reason as it was recorded, as a sentence. */
export function sentence(reason: string): string {
  const begun = `${reason.charAt(0).toUpperCase()}${reason.slice(1)}`;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
