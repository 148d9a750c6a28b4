/** No tool may fill the model's context: the rest is cut off, visibly. In characters. */
const RESULT_LIMIT = 8000;

/** A tool's answer as the model is shown it: without the secrets the tool was called with, and not without end. */
export function shownResult(text: string, secrets: readonly string[] = []): string {
  const open = secrets.reduce(
    (shown, secret) => (secret === "" ? shown : shown.replaceAll(secret, "[secret]")),
    text,
  );
  return clipped(open, RESULT_LIMIT);
}

/** The first `limit` characters, saying how many there are more. */
export function clipped(text: string, limit: number): string {
  const left = text.length - limit;
  return left <= 0 ? text : `${text.slice(0, limit)}… [cut off, ${left} more characters]`;
}
