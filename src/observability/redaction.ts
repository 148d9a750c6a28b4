import { escapePattern } from "../core/text/hide-secrets.ts";

const HIDDEN = "[redacted]";
/** Shorter values occur in ordinary text by accident. To hide them would make logs unreadable and protect nothing. */
const SHORTEST_SECRET = 4;
const NAME = String.raw`([\w-]*(?:secret|password|passwd|passphrase|api[-_]?key|authorization|credential|private[-_]?key|cookie|token))`;
/** Matches `"botToken":"…"`. */
const NAMED_SECRET = new RegExp(String.raw`"${NAME}"\s*:\s*"(?:[^"\\]|\\.)*"`, "gi");
/**
 * Matches the same inside a string that contains JSON, where every quote and every backslash has one more backslash.
 */
const QUOTED_NAMED_SECRET = new RegExp(
  String.raw`\\"${NAME}\\"\s*:\s*\\"(?:[^"\\]|\\\\(?:\\\\|\\"|[^"\\]))*\\"`,
  "gi",
);

/** Removes secrets from text. */
export interface Redactor {
  /** Adds values to hide from now on, for example after a reload or for a generated key. */
  add(values: Iterable<string>): void;
  /** Returns the text without these values, and without the values of keys that name a secret. */
  redact(text: string): string;
}

/**
 * Creates a redactor that knows the configured secrets by value. A list of key names cannot find a token inside a URL
 * or a stack.
 */
export function createRedactor(values: Iterable<string> = []): Redactor {
  const secrets = new Set<string>();
  let pattern: RegExp | null = null;

  const add = (added: Iterable<string>): void => {
    for (const value of added) {
      if (value.length < SHORTEST_SECRET) continue;
      // Hide the value itself, its JSON form and its URL-encoded form.
      secrets
        .add(value)
        .add(JSON.stringify(value).slice(1, -1))
        .add(encodeURIComponent(value.toWellFormed()));
    }
    // Longest first, because one secret may start with another.
    const sorted = [...secrets].sort((a, b) => b.length - a.length);
    pattern = sorted.length === 0 ? null : new RegExp(sorted.map(escapePattern).join("|"), "g");
  };
  add(values);

  return {
    add,
    redact(text) {
      const named = text
        .replace(NAMED_SECRET, `"$1":"${HIDDEN}"`)
        .replace(QUOTED_NAMED_SECRET, String.raw`\"$1\":\"${HIDDEN}\"`);
      return pattern === null ? named : named.replace(pattern, HIDDEN);
    },
  };
}
