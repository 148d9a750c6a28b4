import { en, type Words } from "./en.ts";

/** Languages besides English, each fetched on demand. */
const LANGUAGES: Readonly<Record<string, () => Promise<{ words: Words }>>> = {
  ar: () => import("./ar.ts"),
  de: () => import("./de.ts"),
  es: () => import("./es.ts"),
  fr: () => import("./fr.ts"),
  hi: () => import("./hi.ts"),
  it: () => import("./it.ts"),
  ja: () => import("./ja.ts"),
  nl: () => import("./nl.ts"),
  pt: () => import("./pt.ts"),
  sw: () => import("./sw.ts"),
  zh: () => import("./zh.ts"),
};
const RIGHT_TO_LEFT = ["ar", "fa", "he", "ur"];

/** A loaded language. */
export interface Locale {
  /** For dates and numbers: the requested tag, such as `pt-BR`. */
  tag: string;
  direction: "ltr" | "rtl";
  words: Words;
}

export const english: Locale = { tag: "en", direction: "ltr", words: en };

/** The first available language of the list. English if none is available, or if the fetch failed. */
export async function loadLocale(wanted: readonly string[]): Promise<Locale> {
  for (const tag of wanted) {
    const [language = ""] = tag.toLowerCase().split("-");
    if (language === "en") return { ...english, tag };
    const load = LANGUAGES[language];
    if (!load) continue;
    try {
      const { words } = await load();
      return { tag, direction: RIGHT_TO_LEFT.includes(language) ? "rtl" : "ltr", words };
    } catch {
      return english;
    }
  }
  return english;
}
