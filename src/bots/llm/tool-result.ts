import { hideSecrets } from "../../core/text/hide-secrets.ts";

/** Maximum length of a result, so that no tool fills the model's context. The cut is visible. In characters. */
const RESULT_LIMIT = 8000;

/** A tool's result as the model receives it: without the tool's secrets, and limited in length. */
export function shownResult(text: string, secrets: readonly string[] = []): string {
  return clipped(hideSecrets(text, secrets), RESULT_LIMIT);
}

/** The first `limit` characters, with the number of the characters cut off. */
export function clipped(text: string, limit: number): string {
  const left = text.length - limit;
  return left <= 0 ? text : `${text.slice(0, limit)}… [cut off, ${left} more characters]`;
}
