import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { en, type Words } from "./en.ts";

export const WordsContext = createContext<Words>(en);

export const useWords = (): Words => useContext(WordsContext);

/** Fills in the placeholders: `fill("{name} is writing", { name: "Coach" })`. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}
