import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { Stats } from "../server/wire.ts";

const EVERY_MS = 30_000;

/** The numbers of a query, all together and by channel and agent. */
export function useStats(query: string) {
  return useLive(
    query,
    async (signal) => {
      const read = (by: string) => callApi<Stats>("GET", `/stats?${query}&group_by=${by}`, { signal });
      const [all, parts] = await Promise.all([read("none"), read("channel,agent")]);
      return { all, parts };
    },
    EVERY_MS,
  );
}
