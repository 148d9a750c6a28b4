import { isJsonObject } from "../core/text/json.ts";
import { between, count, durationInWords, type Fact, sentence } from "./fact.ts";
import type { IncidentRow, QuestionRow } from "./trail-rows.ts";

/** Codes of failed attempts to hear a voice message begin with this. */
export const HEARING = "hearing_";

/** Describes what became of a voice message's sound. */
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
export function hearingIncident({
  at,
  attempt,
  code,
  reason,
  outcome,
  nextAt,
  subjectId,
}: IncidentRow): Fact {
  const next =
    outcome === "failed"
      ? "was the last one"
      : `was repeated${nextAt === null ? "" : ` after ${durationInWords(between(at, nextAt))}`}`;
  return {
    at,
    what: `Attempt ${attempt} to hear the voice message failed and ${next}.`,
    why: `${sentence(reason)} (${code.slice(HEARING.length)})`,
    about: { type: "execution", id: subjectId },
  };
}
