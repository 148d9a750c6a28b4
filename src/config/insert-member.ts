import type { JsonObject } from "../core/text/json.ts";

/** A part of a JSON text: a text, a sign, or another value. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

/**
 * Adds a member to an object at the top level of a JSON text. The rest of the text stays as people wrote it.
 * The text must be a valid object. An object that is missing is added.
 */
export function insertMember(text: string, key: string, name: string, value: JsonObject): string {
  const object = objectAt(text, key);
  if (object === null) {
    const { open, last, close } = wholeObject(text);
    return insert(text, { open, last, close, indent: "  " }, key, { [name]: value });
  }
  return insert(text, object, name, value);
}

interface ObjectPlace {
  /** Offset behind the opening brace. */
  open: number;
  /** Offset behind the last member; the same as `open` if there is none. */
  last: number;
  /** Offset of the closing brace. */
  close: number;
  /** Space before a member. */
  indent: string;
}

function insert(
  text: string,
  { open, last, close, indent }: ObjectPlace,
  name: string,
  value: JsonObject,
): string {
  const lines = JSON.stringify(value, null, 2).replaceAll("\n", `\n${indent}`);
  const comma = last === open ? "" : ",";
  const outer = indent.slice(0, -2);
  const rest = text.slice(close);
  return `${text.slice(0, last)}${comma}\n${indent}${JSON.stringify(name)}: ${lines}\n${outer}${rest}`;
}

/** The object under a key of the top level; null if there is none. */
function objectAt(text: string, key: string): ObjectPlace | null {
  const tokens = [...text.matchAll(TOKEN)];
  let depth = 0;
  for (const [index, { 0: token }] of tokens.entries()) {
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    else if (depth === 1 && token === JSON.stringify(key) && tokens[index + 1]?.[0] === ":") {
      return tokens[index + 2]?.[0] === "{" ? objectFrom(text, tokens.slice(index + 2)) : null;
    }
  }
  return null;
}

function wholeObject(text: string): ObjectPlace {
  return objectFrom(text, [...text.matchAll(TOKEN)]);
}

/** The object that begins with the first of the tokens. */
function objectFrom(text: string, tokens: readonly RegExpExecArray[]): ObjectPlace {
  const open = (tokens[0]?.index ?? 0) + 1;
  let depth = 0;
  let last = open;
  for (const { 0: token, index } of tokens) {
    if (token === "{" || token === "[") depth += 1;
    if (token === "}" || token === "]") depth -= 1;
    if (depth === 0) return { open, last, close: index, indent: indentAt(text, open) };
    if (index >= open) last = index + token.length;
  }
  throw new Error("the text is not a JSON object");
}

/** Space before the first member, if it stands on a line of its own. */
function indentAt(text: string, open: number): string {
  return /^[ \t]*\r?\n([ \t]+)"/.exec(text.slice(open))?.[1] ?? "    ";
}
