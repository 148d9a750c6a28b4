import { isJsonObject, type JsonObject } from "../text/json.ts";

/** The data behind a message's words, from its metadata; null for most messages. */
export function detailsOf({ details = null }: JsonObject): JsonObject | null {
  return isJsonObject(details) ? details : null;
}
