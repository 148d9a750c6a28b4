import type { ConfigProblem } from "../core/faults/errors.ts";
import { unnamedSecrets } from "../core/session/masked-definition.ts";
import type { Json } from "../core/text/json.ts";
import { isSecretName } from "../core/text/secret-names.ts";
import type { Environment } from "./env.ts";
import { type JsonPath, pathText } from "./json-path.ts";

const REFERENCE = /^\$([A-Za-z_][A-Za-z0-9_]*)$/;
/** `"$$NAME"` means the text `$NAME`. Every other string stays as it is. */
const ESCAPED_REFERENCE = /^\$(\$+[A-Za-z_][A-Za-z0-9_]*)$/;
/**
 * Keys whose values are addresses and names, which are useful in a log. All other values from the environment are
 * hidden.
 */
const PLAIN_KEY = /(url|root|model|provider|from|id|sid|name|username|mode|workspace|voice|language)$/i;

/** A JSON value whose `"$NAME"` strings are replaced by values from the environment. */
export interface ResolvedReferences {
  value: Json;
  problems: ConfigProblem[];
  /** Values that must not be shown: from the environment, or under a key that names a secret. */
  secrets: string[];
}

/** Replaces every `"$NAME"` below `value` by its value from the environment. Keys are never references. */
export function resolveReferences(
  value: Json,
  env: Environment,
  origin: { file: string; path: JsonPath },
): ResolvedReferences {
  const problems: ConfigProblem[] = [];
  const secrets: string[] = [];

  const readText = (text: string, path: JsonPath, before?: Json): string => {
    const read = replaced(text, path);
    const unusable = unusableText(read, nearestName(path));
    if (unusable !== null) problems.push({ path: pathText(origin.file, path), ...unusable });
    secrets.push(
      ...unnamedSecrets(
        read,
        path.filter((part) => typeof part === "string"),
        before,
      ),
    );
    return read;
  };

  const replaced = (text: string, path: JsonPath): string => {
    const key = nearestName(path);
    const name = REFERENCE.exec(text)?.[1];
    if (name === undefined) {
      const literal = ESCAPED_REFERENCE.exec(text)?.[1] ?? text;
      if (isSecretName(key)) secrets.push(literal);
      return literal;
    }
    const found = env[name];
    if (found === undefined || found === "") {
      problems.push(missingVariable(name, text, pathText(origin.file, path)));
      return text;
    }
    if (isSecretName(key) || isSecretName(name) || !PLAIN_KEY.test(key)) secrets.push(found);
    return found;
  };

  const read = (node: Json, path: JsonPath, before?: Json): Json => {
    if (typeof node === "string") return readText(node, path, before);
    if (Array.isArray(node)) return node.map((item, index) => read(item, [...path, index], node[index - 1]));
    if (node === null || typeof node !== "object") return node;
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, read(item, [...path, key])]));
  };

  return { value: read(value, origin.path), problems, secrets };
}

/** No text may contain what the database cannot store, and a secret of blanks protects nothing. */
function unusableText(text: string, key: string): Omit<ConfigProblem, "path"> | null {
  if (text.includes("\0"))
    return { problem: "contains the character U+0000", fix: "remove it: it cannot be stored" };
  if (/\p{Surrogate}/u.test(text))
    return { problem: "contains half of a character", fix: "write the whole character, or remove it" };
  if (text !== "" && text.trim() === "" && isSecretName(key))
    return { problem: "is blank", fix: "write the secret itself, or remove the key" };
  return null;
}

function missingVariable(name: string, text: string, path: string): ConfigProblem {
  return {
    path,
    problem: `reads the environment variable ${name}, which is not set`,
    fix: `set ${name} in the environment or in .env; for the text "${text}" itself write "$${text}"`,
  };
}

/** The key of a value. Items of a list have the key of the list. */
function nearestName(path: JsonPath): string {
  return path.findLast((part): part is string => typeof part === "string") ?? "";
}
