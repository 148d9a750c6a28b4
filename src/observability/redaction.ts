const HIDDEN = "[redacted]";
/** Shorter values stand in ordinary text by accident; hiding them would make logs unreadable and hide nothing. */
const SHORTEST_SECRET = 4;
const NAME = String.raw`([\w-]*(?:secret|password|passwd|passphrase|api[-_]?key|authorization|credential|private[-_]?key|cookie|token))`;
/** `"botToken":"…"` */
const NAMED_SECRET = new RegExp(String.raw`"${NAME}"\s*:\s*"(?:[^"\\]|\\.)*"`, "gi");
/** The same inside a string that holds JSON itself, where every quote and every backslash carries one more. */
const QUOTED_NAMED_SECRET = new RegExp(
  String.raw`\\"${NAME}\\"\s*:\s*\\"(?:[^"\\]|\\\\(?:\\\\|\\"|[^"\\]))*\\"`,
  "gi",
);

/** Takes secrets out of text. */
export interface Redactor {
  /** Values never to be shown from now on (a reload or a generated key brings new ones). */
  add(values: Iterable<string>): void;
  /** The text without those values, and without what stands under a key that names a secret. */
  redact(text: string): string;
}

/** Knows the configured secrets by value: a name on a list of keys cannot catch a token inside a URL or a stack. */
export function createRedactor(values: Iterable<string> = []): Redactor {
  const secrets = new Set<string>();
  let pattern: RegExp | null = null;

  const add = (added: Iterable<string>): void => {
    for (const value of added) {
      if (value.length < SHORTEST_SECRET) continue;
      // As it stands, as JSON writes it, and as a URL carries it.
      secrets
        .add(value)
        .add(JSON.stringify(value).slice(1, -1))
        .add(encodeURIComponent(value.toWellFormed()));
    }
    // The longest first: one secret may begin with another.
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

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}
