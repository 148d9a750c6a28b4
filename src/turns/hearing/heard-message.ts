import { saidWord, saysReset } from "../../core/message/spoken-words.ts";
import type { TypedChoices } from "../../core/message/typed-choices.ts";
import type { JsonObject } from "../../core/text/json.ts";
import { excerpt, storableText } from "../../core/text/text.ts";

/** The outcome for one sound. */
export type HeardSound =
  | { kind: "heard"; words: string; language: string | null; seconds: number | null }
  | { kind: "unheard"; code: string; reason: string };

/** A voice message as words. */
export interface HeardMessage {
  content: string;
  origin: "user" | "command";
  /** The payload of the button that the words name; null: none. */
  payload: string | null;
  transcription: JsonObject;
  /** Becomes the session's title if it has none; null: the message says nothing. */
  title: string | null;
}

/** The facts that give the words of a message their meaning. */
export interface Hearing {
  model: string;
  /** The text that came with the sound. */
  caption: string;
  resetCommand: boolean;
  /** Words that ask for a person. */
  userWords: readonly string[];
  /** The choices that the session offers. */
  offer: TypedChoices | null;
}

const TITLE_LIMIT = 80;

/** Turns the sounds of a message into its content. A caption stands in front, as it was written. */
export function heardMessage(sounds: readonly HeardSound[], hearing: Hearing): HeardMessage {
  const said = sounds.flatMap((sound) => (sound.kind === "heard" ? [storableText(sound.words)] : []));
  const transcription = transcriptionOf(sounds, hearing.model);
  const isOneSentence = sounds.length === 1 && said.length === 1 && hearing.caption.trim() === "";
  const [words = ""] = said;
  const meant = isOneSentence ? meaningOf(words, hearing) : null;
  const content = [hearing.caption, ...sounds.map(inWords)].filter((text) => text.trim() !== "").join("\n\n");
  return {
    content: meant?.content ?? content,
    origin: meant?.origin ?? "user",
    payload: meant?.payload ?? null,
    transcription,
    title: meant?.origin === "command" || said.length === 0 ? null : excerpt(content, TITLE_LIMIT) || null,
  };
}

/** A choice, a command or a word that asks for a person; null: ordinary words. */
function meaningOf(
  words: string,
  { offer, resetCommand, userWords }: Hearing,
): Pick<HeardMessage, "content" | "origin" | "payload"> | null {
  const choice = saidWord(Object.keys(offer ?? {}), words);
  if (choice !== null) return { content: words, origin: "user", payload: offer?.[choice] ?? null };
  if (resetCommand && saysReset(words)) return { content: "/reset", origin: "command", payload: null };
  const asked = saidWord(userWords, words);
  // The history gets the configured word, as if the user had written it.
  return asked === null ? null : { content: asked, origin: "user", payload: null };
}

function inWords(sound: HeardSound): string {
  return sound.kind === "heard"
    ? storableText(sound.words)
    : `[voice message that could not be heard: ${storableText(sound.reason)}]`;
}

function transcriptionOf(sounds: readonly HeardSound[], model: string): JsonObject {
  const heard = sounds.filter((sound) => sound.kind === "heard");
  const unheard = sounds.find((sound) => sound.kind === "unheard");
  const lengths = heard.flatMap(({ seconds }) => seconds ?? []);
  return {
    model,
    language: heard.find(({ language }) => language !== null)?.language ?? null,
    seconds: lengths.length === 0 ? null : lengths.reduce((sum, length) => sum + length, 0),
    ...(unheard && { error: { code: unheard.code, message: storableText(unheard.reason) } }),
  };
}
