import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { Page } from "../server/wire.ts";

const EVERY_MS = 8_000;

/** Counts of the work that waits for somebody. */
export function useCounts(): { waiting: number; trouble: number } {
  const { data } = useLive(
    "counts",
    async (signal) => {
      const count = async (path: string) =>
        (await callApi<Page<unknown>>("GET", `${path}&limit=1`, { signal })).meta.total;
      const [waiting, failed, unknown, rules] = await Promise.all([
        count("/chat/sessions?handoff=requested"),
        count("/deliveries?status=failed"),
        count("/deliveries?status=unknown"),
        count("/failures?"),
      ]);
      return { waiting, trouble: failed + unknown + rules };
    },
    EVERY_MS,
  );
  return data ?? { waiting: 0, trouble: 0 };
}
