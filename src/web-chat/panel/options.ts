import type { Persistence } from "../chat/visitor-store.ts";

/** The options of a chat, from the attributes of its element. */
export interface ChatOptions {
  channel: string;
  /** The URL of Causeway, with a trailing slash. */
  base: string;
  mode: "floating" | "inline" | "page";
  theme: "auto" | "light" | "dark";
  /** A language tag; empty: the page's language, or else the browser's. */
  locale: string;
  heading: string;
  greeting: string;
  persist: Persistence;
}

/** The attributes of the options, in the order of the documentation. */
export const ATTRIBUTES = [
  "channel",
  "base-url",
  "mode",
  "theme",
  "locale",
  "heading",
  "greeting",
  "persist",
  "position",
  "identity-token",
  "open",
] as const;

const oneOf = <Choice extends string>(
  written: string | null,
  choices: readonly [Choice, ...Choice[]],
): Choice => choices.find((choice) => choice === written) ?? choices[0];

/** @param home the URL of the loader. */
export function readOptions(element: Element, home: string): ChatOptions {
  const text = (name: (typeof ATTRIBUTES)[number]) => element.getAttribute(name) ?? "";
  const base = text("base-url") || home;
  return {
    channel: text("channel") || "web",
    base: new URL(base.endsWith("/") ? base : `${base}/`, document.baseURI).href,
    mode: oneOf(text("mode"), ["floating", "inline", "page"]),
    theme: oneOf(text("theme"), ["auto", "light", "dark"]),
    locale: text("locale"),
    heading: text("heading"),
    greeting: text("greeting"),
    persist: oneOf(text("persist"), ["local", "session", "none"]),
  };
}

/** The name of the browser's stored data for one channel of one Causeway. */
export const scopeOf = ({ base, channel }: ChatOptions): string => `${base}${channel}`;
