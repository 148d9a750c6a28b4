import type { Impossible } from "../connection.ts";
import type { StoredMessage } from "./conversation.ts";

const NAMES: Readonly<Record<string, string>> = {
  "👍": "+1",
  "👎": "-1",
  "❤": "heart",
  "🎉": "tada",
  "👀": "eyes",
  "🔥": "fire",
  "😀": "grinning",
  "✅": "white_check_mark",
};
const VARIANT = /\ufe0f/g;
const SKIN_TONE = /[\u{1f3fb}-\u{1f3ff}]/u;

/** Slack's name of a reaction: of an emoji, or as written, such as `:eyes:`. Null: there is none for this emoji. */
function reactionName(written: string): string | null {
  const [, name] = /^:?([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):?$/.exec(written) ?? [];
  if (name !== undefined) return name;
  const [tone] = SKIN_TONE.exec(written) ?? [];
  const plain = NAMES[written.replace(VARIANT, "").replace(SKIN_TONE, "")];
  if (plain === undefined) return null;
  // The lightest tone is 2, because 1 was the tone of no person.
  return tone === undefined ? plain : `${plain}::skin-tone-${(tone.codePointAt(0) ?? 0) - 0x1f3fb + 2}`;
}

/** Sets the reaction of a message; without an emoji it is taken back. Returns what is special in Slack's event. */
export function reactTo(
  message: StoredMessage,
  emoji: string,
): { type: "reaction_added" | "reaction_removed"; reaction: string } | Impossible {
  const name = reactionName(emoji === "" ? (message.reaction ?? "") : emoji);
  if (name === null) {
    const words = emoji === "" ? "The message has no reaction." : `Slack has no name for "${emoji}" here.`;
    return { status: 422, code: "unknown_reaction", message: `${words} Write a name, such as ":eyes:".` };
  }
  if (emoji === "") delete message.reaction;
  else message.reaction = emoji;
  return { type: emoji === "" ? "reaction_removed" : "reaction_added", reaction: name };
}
