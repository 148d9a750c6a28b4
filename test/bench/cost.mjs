import { faultsOf, onBed } from "./bed.mjs";
import { watchDatabase } from "./database-counters.mjs";
import { createLedger } from "./ledger.mjs";
import { createPoster } from "./load.mjs";
import { watchProcesses } from "./usage.mjs";

/**
 * The cost of a message that does not depend on how busy the machine is: processor time, bytes of Postgres' log,
 * transactions, and the share of updates that stay out of the indexes. Null without such a queue.
 */
export async function measureCost(system, { cost: messages, warmup, users, conns }) {
  let ledger = createLedger();
  const hear = (chatId, text) => ledger.answered(chatId, text);
  return await onBed(system, hear, async (service) => {
    const poster = createPoster(service, conns);
    try {
      const faults = [];
      const flood = async (count) => {
        ledger = createLedger();
        await poster.flood(ledger, { messages: count, users, firstChat: 1_000_000 });
        faults.push(await faultsOf(ledger));
      };
      await flood(warmup);
      const database = await watchDatabase(service.databaseUrl());
      const watched = watchProcesses({ app: service.pid, postgres: service.postgresPid() });
      await flood(messages);
      const seconds = watched.seconds();
      return {
        ...(await database.perMessage(messages)),
        processorMs: Object.fromEntries(
          Object.entries(seconds).map(([name, value]) => [name, (value * 1000) / messages]),
        ),
        faults: faults.filter((fault) => fault !== null),
      };
    } finally {
      await poster.close();
    }
  });
}
