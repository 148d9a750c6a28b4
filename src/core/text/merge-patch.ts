import { isJsonObject, type Json, type JsonObject } from "./json.ts";

/**
 * Applies a JSON merge patch (RFC 7396): objects merge key by key, `null` removes, anything else replaces. Neither
 * argument is changed. It uses only own properties, so a key named `__proto__` is normal data.
 */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject;
export function mergePatch(target: Json | undefined, patch: Json): Json;
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const merged = new Map(isJsonObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  // `fromEntries` defines properties; assignment would run the setter of `__proto__`.
  return Object.fromEntries(merged);
}

/**
 * The merge patch that turns one object into another; empty when they are equal. It contains only necessary changes.
 */
export function mergePatchBetween(from: JsonObject, to: JsonObject): JsonObject {
  const patch: [string, Json][] = Object.keys(from)
    .filter((key) => !Object.hasOwn(to, key))
    .map((key) => [key, null]);
  for (const [key, value] of Object.entries(to)) {
    const before = Object.hasOwn(from, key) ? from[key] : undefined;
    if (isJsonObject(before) && isJsonObject(value)) {
      const inner = mergePatchBetween(before, value);
      if (Object.keys(inner).length > 0) patch.push([key, inner]);
    } else if (JSON.stringify(before) !== JSON.stringify(value)) {
      patch.push([key, value]);
    }
  }
  return Object.fromEntries(patch);
}
