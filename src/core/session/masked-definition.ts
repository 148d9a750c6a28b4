import { isJsonObject, type Json, type JsonObject } from "../text/json.ts";
import { MASKED, maskUrl, urlSecrets } from "../text/masked-url.ts";
import { isSecretName } from "../text/secret-names.ts";

/** Values below these keys depend on the server that they are sent to. Any of them may be a secret. */
const SECRET_HOLDERS = new Set(["headers", "env"]);
const REFERENCE = /^\$([A-Za-z_][A-Za-z0-9_]*)$/;
/** Shorter arguments of a command are words. A value behind a flag is hidden whatever its length. */
const SHORTEST_ARGUMENT = 8;

/** True if a text has the form `"$NAME"`. */
function isReference(text: string): boolean {
  return REFERENCE.test(text);
}

/** Returns the definition of an agent without the secrets that are written into it. References stay. */
export function maskDefinition(definition: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(definition).map(([key, value]) => [key, mask(value, [key])]));
}

function mask(node: Json, path: readonly string[]): Json {
  if (Array.isArray(node)) return node.map((item) => mask(item, path));
  if (isJsonObject(node)) {
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, mask(item, [...path, key])]));
  }
  if (typeof node !== "string" || isReference(node)) return node;
  if (isSecretName(path.at(-1) ?? "") || path.slice(0, -1).some((key) => SECRET_HOLDERS.has(key)))
    return MASKED;
  if (isArgument(path)) return MASKED;
  return isAddress(path) ? maskUrl(node, { path: isEventWebhook(path) }) : node;
}

/**
 * Returns the secret parts of a configuration's text if its key does not name a secret. Such texts are addresses, and
 * the command lines of MCP servers. Logs must not show these parts.
 */
export function unnamedSecrets(text: string, path: readonly string[], before: Json | undefined): string[] {
  if (isArgument(path)) {
    const value = /^--?[\w-]+=(.*)$/s.exec(text)?.[1];
    if (value !== undefined) return [value];
    if (text.startsWith("-")) return [];
    const behindFlag = typeof before === "string" && before.startsWith("-");
    return behindFlag || text.length >= SHORTEST_ARGUMENT ? [text] : [];
  }
  return isAddress(path) ? urlSecrets(text, { path: isEventWebhook(path) }) : [];
}

const isArgument = (path: readonly string[]) => path.at(-1) === "args" && path.includes("mcpServers");
const isAddress = (path: readonly string[]) => /(url|root)$/i.test(path.at(-1) ?? "");
/** Incoming webhooks of many services carry their key in the path. */
const isEventWebhook = (path: readonly string[]) => path.includes("events");
