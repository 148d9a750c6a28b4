import { faultsOf, onBed, spent } from "./bed.mjs";
import { createLedger } from "./ledger.mjs";
import { createPoster } from "./load.mjs";

/** Chat ids from here on belong to the quiet channel. */
const QUIET_CHATS = 9_000_000;
const QUIET = { rate: 5, users: 20 };
const LONG_SECONDS = 3_600;

/**
 * Posts the given number of updates to one channel, each as soon as the one before is acknowledged. A second channel
 * continues at 5 updates a second.
 */
export async function measureBurst(system, { burst, users, conns, seconds }) {
  let quiet = createLedger();
  const flood = createLedger();
  const hear = (chatId, text) => (chatId >= QUIET_CHATS ? quiet : flood).answered(chatId, text);
  return await onBed(system, hear, async (service, usages) => {
    const loud = createPoster(service, conns, "telegram");
    const other = createPoster(service, 4, "second");
    try {
      await other.openLoop(quiet, { ...QUIET, seconds, firstChat: QUIET_CHATS });
      const faults = [await faultsOf(quiet)];
      const alone = quiet.times("replyMs");

      quiet = createLedger();
      const before = usages();
      const startedAt = performance.now();
      let isDrained = false;
      const meanwhile = other.openLoop(quiet, {
        ...QUIET,
        seconds: LONG_SECONDS,
        firstChat: QUIET_CHATS + 1_000,
        isOver: () => isDrained,
      });
      await loud.flood(flood, { messages: burst, users, firstChat: 2_000_000 });
      const storedMs = performance.now() - startedAt;
      faults.push(await faultsOf(flood));
      isDrained = true;
      await meanwhile;
      faults.push(await faultsOf(quiet));
      return {
        storedMs,
        drainedMs: flood.lastAnswerAt() - startedAt,
        alone,
        meanwhile: quiet.times("replyMs"),
        usage: spent(before, usages()),
        faults: faults.filter((fault) => fault !== null),
      };
    } finally {
      await Promise.all([loud.close(), other.close()]);
    }
  });
}
