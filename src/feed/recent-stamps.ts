import { createHash } from "node:crypto";
import type { JsonObject } from "../core/text/json.ts";

/** Remembers the last state of things, to find out if a state is new. The things seen longest ago are forgotten. */
export function createRecentStamps(most: number) {
  const stamps = new Map<string, string>();
  return {
    /** True if this state differs from the one before. */
    isNews(key: string, state: JsonObject): boolean {
      const stamp = createHash("sha1").update(JSON.stringify(state)).digest("base64");
      const isNews = stamps.get(key) !== stamp;
      stamps.delete(key);
      stamps.set(key, stamp);
      const [oldest] = stamps.keys();
      if (stamps.size > most && oldest !== undefined) stamps.delete(oldest);
      return isNews;
    },
  };
}
