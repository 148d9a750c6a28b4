import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { isSecretName } from "../core/secret-names.ts";
import type { AgentSettings } from "./agent-schema.ts";
import { isReference } from "./references.ts";

/** Stands in a version for a secret that was written into the file as it is, instead of as `"$NAME"`. */
const MASKED = "[secret]";
/** Values below these keys are whatever a server asks for; assume the worst. */
const SECRET_HOLDERS = new Set(["headers", "env"]);

/** The form that is stored as a version: as written, references untouched, defaults filled in, no secret. */
export function publishDefinition(slug: string, written: JsonObject, settings: AgentSettings): JsonObject {
  const { bot = {}, ...own } = written;
  const filled = withDefaults({ name: slug, ...own }, settings);
  return mapValues({ ...filled, bot }, (value, key) => mask(value, [key]));
}

/** Puts the secrets that `publishDefinition` left out back in, from the file as it is now. */
export function unmaskDefinition(published: Json, written: Json | undefined): Json {
  if (published === MASKED) return written ?? MASKED;
  if (Array.isArray(published)) {
    const items = Array.isArray(written) ? written : [];
    return published.map((item, index) => unmaskDefinition(item, items[index]));
  }
  if (!isJsonObject(published)) return published;
  const source = isJsonObject(written) ? written : {};
  return mapValues(published, (item, key) =>
    unmaskDefinition(item, Object.hasOwn(source, key) ? source[key] : undefined),
  );
}

/** What was written wins, so that references stay references; what was not comes from the parsed settings. */
function filledIn(written: Json, parsed: unknown): Json {
  if (Array.isArray(written)) {
    const items: unknown[] = Array.isArray(parsed) ? parsed : [];
    return written.map((item, index) => filledIn(item, items[index]));
  }
  return isJsonObject(written) && typeof parsed === "object" && parsed !== null
    ? withDefaults(written, parsed)
    : written;
}

function withDefaults(written: JsonObject, parsed: object): JsonObject {
  const filled: JsonObject = { ...written };
  for (const [key, value] of Object.entries(parsed)) {
    const own = Object.hasOwn(written, key) ? written[key] : undefined;
    if (own !== undefined) filled[key] = filledIn(own, value);
    else if (value !== undefined) filled[key] = value;
  }
  return filled;
}

function mask(node: Json, path: readonly string[]): Json {
  if (Array.isArray(node)) return node.map((item) => mask(item, path));
  if (isJsonObject(node)) return mapValues(node, (item, key) => mask(item, [...path, key]));
  if (typeof node !== "string" || isReference(node)) return node;
  const secret = isSecretName(path.at(-1) ?? "") || path.slice(0, -1).some((key) => SECRET_HOLDERS.has(key));
  return secret ? MASKED : node;
}

function mapValues(object: JsonObject, change: (value: Json, key: string) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}
