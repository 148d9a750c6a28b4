/** Maximum length of a name in a prompt, in characters. */
const NAME_LENGTH = 64;
/** Control characters, line and paragraph separators, and marks that change the text direction. */
const BREAKS = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]+/gu;

/** A name chosen by a person, as one short line. So a name cannot start a new line in a prompt. */
export function nameLine(name: string): string {
  const line = name.toWellFormed().replaceAll(BREAKS, " ").replaceAll(/\s+/g, " ").trim();
  const characters = [...line];
  return characters.length <= NAME_LENGTH
    ? line
    : `${characters
        .slice(0, NAME_LENGTH - 1)
        .join("")
        .trim()}…`;
}
