import type { ConfigProblem } from "../core/faults/errors.ts";
import type { Json } from "../core/text/json.ts";

const STRING = /"(?:[ !#-[\]-\u{10FFFF}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\r\n]*/y;

class JsonTextError extends Error {
  readonly offset: number;
  readonly fix: string;
  constructor(offset: number, problem: string, fix: string) {
    super(problem);
    this.offset = offset;
    this.fix = fix;
  }
}

/**
 * Parses a configuration file. Unlike `JSON.parse`, it reports line and column of an error on every Node version. It
 * also refuses duplicate keys. `JSON.parse` would silently drop the first one, for example a whole channel.
 */
export function parseJsonText(text: string, file: string): { value: Json } | { problem: ConfigProblem } {
  const json = text.startsWith("\uFEFF") ? text.slice(1) : text;
  try {
    return { value: createReader(json).document() };
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    const before = json.slice(0, error.offset).split("\n");
    const column = (before.at(-1)?.length ?? 0) + 1;
    return {
      problem: {
        path: `${file}: line ${before.length}, column ${column}`,
        problem: error.message,
        fix: error.fix,
      },
    };
  }
}

function createReader(text: string): { document(): Json } {
  let at = 0;

  function take(pattern: RegExp): string | null {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found === undefined) return null;
    at += found.length;
    return found;
  }

  function skipSpace(): void {
    take(SPACE);
  }

  function takeSign(sign: string): boolean {
    skipSpace();
    if (text[at] !== sign) return false;
    at += 1;
    return true;
  }

  function fail(expected: string): never {
    skipSpace();
    throw unexpected(text, at, expected);
  }

  /** Reads a string. The error points at the invalid character, not at the opening quote. */
  function takeString(): string | null {
    const found = take(STRING);
    if (found === null && text[at] === '"') throw brokenString(text, at);
    return found;
  }

  function readObject(): Json {
    const entries = new Map<string, Json>();
    if (takeSign("}")) return {};
    do {
      skipSpace();
      const start = at;
      const key = takeString() ?? fail('a key in double quotes, such as "name"');
      const name: string = JSON.parse(key);
      if (entries.has(name)) {
        throw new JsonTextError(start, `the key ${key} stands twice`, "keep one of the two, or rename one");
      }
      if (!takeSign(":")) fail("a colon after the key");
      entries.set(name, readValue());
    } while (takeSign(","));
    if (!takeSign("}")) fail("a comma or a closing }");
    return Object.fromEntries(entries);
  }

  function readArray(): Json {
    const items: Json[] = [];
    if (takeSign("]")) return items;
    do items.push(readValue());
    while (takeSign(","));
    if (!takeSign("]")) fail("a comma or a closing ]");
    return items;
  }

  function readValue(): Json {
    if (takeSign("{")) return readObject();
    if (takeSign("[")) return readArray();
    const scalar = takeString() ?? take(NUMBER) ?? take(WORD);
    return JSON.parse(scalar ?? fail("a value"));
  }

  return {
    document() {
      const value = readValue();
      skipSpace();
      if (at < text.length) fail("nothing after the closing }");
      return value;
    },
  };
}

/** Finds the error in an invalid string that begins at `start`. */
function brokenString(text: string, start: number): JsonTextError {
  for (let at = start + 1; at < text.length; at += 1) {
    const sign = text[at] ?? "";
    if (sign === '"') break;
    if (sign < " ") {
      const problem = `this is not JSON: ${CONTROL_NAMES[sign] ?? "a control character"} inside a text`;
      return new JsonTextError(
        at,
        problem,
        `write ${CONTROL_ESCAPES[sign] ?? "its escape, such as \\u0007"} instead`,
      );
    }
    if (sign !== "\\") continue;
    if (!/^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.test(text.slice(at, at + 6))) {
      const problem = `this is not JSON: ${JSON.stringify(text.slice(at, at + 2)).slice(1, -1)} inside a text`;
      return new JsonTextError(at, problem, 'write \\\\ for a backslash, or one of \\n, \\t, \\"');
    }
    at += 1;
  }
  return new JsonTextError(start, "this is not JSON: a text without its end", 'write a closing "');
}

const CONTROL_NAMES: Readonly<Record<string, string>> = {
  "\n": "a line break",
  "\r": "a line break",
  "\t": "a tab",
};
const CONTROL_ESCAPES: Readonly<Record<string, string>> = {
  "\n": '\\n (or a file: { "file": "prompts/coach.md" })',
  "\r": '\\n (or a file: { "file": "prompts/coach.md" })',
  "\t": "\\t",
};

function unexpected(text: string, offset: number, expected: string): JsonTextError {
  const rest = text.slice(offset, offset + 2);
  if (rest === "//" || rest === "/*") {
    return new JsonTextError(offset, "this is not JSON: a comment", "remove the comment, JSON has none");
  }
  const found = rest === "" ? "the end of the file" : JSON.stringify(rest[0]);
  const trailing = /,\s*$/.test(text.slice(0, offset)) && (rest[0] === "}" || rest[0] === "]");
  const fix = trailing ? "remove the comma before it" : `write ${expected}`;
  return new JsonTextError(offset, `this is not JSON: unexpected ${found}`, fix);
}
