import type { JsonObject } from "../text/json.ts";

/** A language tag as platforms and browsers write it: `de`, `pt-BR`, `zh_Hans_CN`. Nothing else reaches a prompt. */
const TAG = /^[a-z]{2,3}([-_][a-z0-9]{1,8}){0,3}$/i;

/** A language tag in the usual form, `pt-BR`; null for any other text. */
export function languageTag(text: string): string | null {
  return TAG.test(text) ? text.replaceAll("_", "-") : null;
}

/** The user's language, as the platform, the browser or a caller gave it; null if none did. */
export function languageOf({ locale }: JsonObject): string | null {
  return typeof locale === "string" ? languageTag(locale) : null;
}

/** The preferred language of an `Accept-Language` header; null if it names none. */
export function preferredLanguage(header: string | undefined): string | null {
  return languageTag(header?.split(/[,;]/)[0]?.trim() ?? "");
}
