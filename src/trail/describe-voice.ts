import { isJsonObject } from "../core/text/json.ts";
import { between, count, durationInWords, type Fact, sentence } from "./fact.ts";
import type { IncidentRow, QuestionRow } from "./trail-rows.ts";

/** Codes of failed attempts to hear a voice message begin with this. */
export const HEARING = "hearing_";
/** Codes of failed attempts to speak a reply begin with this. */
export const SPEAKING = "speaking_";

/** Describes the result of hearing a voice message. */
export function describeHearing({ id, listenedAt: at, transcription, content }: QuestionRow): Fact[] {
  if (at === null || !isJsonObject(transcription)) return [];
  const about = { type: "message" as const, id };
  const { model, error } = transcription;
  if (isJsonObject(error))
    return [
      {
        at,
        what: "The voice message could not be heard, and the bot was told so.",
        why: `${sentence(String(error["message"]))} (${String(error["code"])})`,
        about,
      },
    ];
  const length = count(content.length, "character", "characters");
  return [{ at, what: `The voice message became words (${length}), by ${String(model)}.`, why: null, about }];
}

/** Describes a failed attempt to hear a voice message. */
export function hearingIncident(row: IncidentRow): Fact {
  const last = row.outcome === "failed" ? "was the last one" : null;
  return incident(row, "to hear the voice message", row.code.slice(HEARING.length), last);
}

/** Describes a failed attempt to speak a reply. */
export function speakingIncident(row: IncidentRow): Fact {
  const last = row.outcome === "failed" ? "its text goes instead" : null;
  return incident(row, "to speak the reply", row.code.slice(SPEAKING.length), last);
}

function incident(
  { at, attempt, reason, nextAt, subjectId }: IncidentRow,
  task: string,
  code: string,
  last: string | null,
): Fact {
  const again = `was repeated${nextAt === null ? "" : ` after ${durationInWords(between(at, nextAt))}`}`;
  return {
    at,
    what: `Attempt ${attempt} ${task} failed and ${last ?? again}.`,
    why: `${sentence(reason)} (${code})`,
    about: { type: "execution", id: subjectId },
  };
}
