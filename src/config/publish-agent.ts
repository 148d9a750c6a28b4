import { maskDefinition } from "../core/session/masked-definition.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/text/json.ts";
import { MASKED, maskUrl } from "../core/text/masked-url.ts";
import type { AgentSettings } from "./agent-schema.ts";

/** The form that is stored as a version: as written, with references unchanged, with defaults, and without secrets. */
export function publishDefinition(
  slug: string,
  written: JsonObject,
  settings: Omit<AgentSettings, "retentionDays" | "shadow">,
): JsonObject {
  const { bot = {}, ...own } = written;
  const filled = withDefaults({ name: slug, ...own }, settings);
  return maskDefinition({ ...filled, bot });
}

/** Restores the secrets that `publishDefinition` removed, from the current file. */
export function unmaskDefinition(published: Json, written: Json | undefined): Json {
  if (published === MASKED) return written ?? MASKED;
  if (typeof published === "string") return isMaskOf(published, written) ? written : published;
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

/** Written values win, so that references stay references. The parsed settings fill in the rest. */
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

/** True for an address that was masked in part. Its secrets go to no other address than they are written for. */
function isMaskOf(published: string, written: Json | undefined): written is string {
  if (typeof written !== "string" || !published.includes(MASKED)) return false;
  return maskUrl(written) === published || maskUrl(written, { path: true }) === published;
}

function mapValues(object: JsonObject, change: (value: Json, key: string) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}
