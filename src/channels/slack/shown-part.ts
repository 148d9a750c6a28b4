import { split } from "./limits.ts";
import { settled } from "./pings.ts";

/** The part of an answer that may be shown. It fits the message of the first part and leaves out the last word. */
export const shownPart = (text: string): string => settled(wholeWords(split(text)[0] ?? ""));

/** Places to cut a text: at white space, and after a character of a script that uses no spaces. */
const BREAK = /\s+|(?<=[\u2e80-\u9fff\uac00-\ud7a3\uff00-\uffef])/g;

/** A text without its last word. So no word is torn, and no half-written word reads as a mention. */
function wholeWords(text: string): string {
  const last = [...text.matchAll(BREAK)].at(-1);
  return text.slice(0, last?.index ?? 0);
}
