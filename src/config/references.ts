import type { ConfigProblem } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { isSecretName } from "../core/secret-names.ts";
import type { Environment } from "./env.ts";
import { type JsonPath, pathText } from "./json-path.ts";

const REFERENCE = /^\$([A-Za-z_][A-Za-z0-9_]*)$/;
/** `"$$NAME"` is the text `$NAME`. Every other string is taken as it is. */
const ESCAPED_REFERENCE = /^\$(\$+[A-Za-z_][A-Za-z0-9_]*)$/;
/** Keys whose values are addresses and names, worth reading in a log. Anything else from the environment is hidden. */
const PLAIN_KEY = /(url|root|model|provider|from|id|sid|name|username|mode|workspace)$/i;

/** A JSON value whose `"$NAME"` strings were read from the environment. */
export interface ResolvedReferences {
  value: Json;
  problems: ConfigProblem[];
  /** Values that must not be shown: read from the environment, or written under a key that names a secret. */
  secrets: string[];
}

/** Whether a text is `"$NAME"`. */
export function isReference(text: string): boolean {
  return REFERENCE.test(text);
}

/** Reads every `"$NAME"` below `value` from the environment. Keys are never references. */
export function resolveReferences(
  value: Json,
  env: Environment,
  origin: { file: string; path: JsonPath },
): ResolvedReferences {
  const problems: ConfigProblem[] = [];
  const secrets: string[] = [];

  const readText = (text: string, path: JsonPath): string => {
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

  const read = (node: Json, path: JsonPath): Json => {
    if (typeof node === "string") return readText(node, path);
    if (Array.isArray(node)) return node.map((item, index) => read(item, [...path, index]));
    if (node === null || typeof node !== "object") return node;
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, read(item, [...path, key])]));
  };

  return { value: read(value, origin.path), problems, secrets };
}

function missingVariable(name: string, text: string, path: string): ConfigProblem {
  return {
    path,
    problem: `reads the environment variable ${name}, which is not set`,
    fix: `set ${name} in the environment or in .env; for the text "${text}" itself write "$${text}"`,
  };
}

/** The key a value stands under; items of a list stand under the list's. */
function nearestName(path: JsonPath): string {
  return path.findLast((part): part is string => typeof part === "string") ?? "";
}
