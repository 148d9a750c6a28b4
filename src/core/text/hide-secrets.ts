import { MASKED } from "./masked-url.ts";

/** A shorter value protects nothing. Local servers are given keys such as `k`, which are in every text. */
const SHORTEST = 4;
/** A shorter value may be an ordinary word (`ollama`), so it is hidden only where it stands alone. */
const SHORTEST_ANYWHERE = 8;

/** A text from outside without the secrets that we sent there, for an operator or a model to read. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  const hidden = [...new Set(secrets)].filter(({ length }) => length >= SHORTEST);
  // Longest first, because one secret may contain another.
  const patterns = hidden.sort((a, b) => b.length - a.length).map(patternOf);
  return patterns.length === 0 ? text : text.replace(new RegExp(patterns.join("|"), "g"), MASKED);
}

function patternOf(secret: string): string {
  const literal = escapePattern(secret);
  return secret.length >= SHORTEST_ANYWHERE ? literal : `(?<![\\w-])${literal}(?![\\w-])`;
}

/** A pattern that matches exactly this text. */
export function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}
