import { faultsOf, onBed, spent } from "./bed.mjs";
import { measureBurst } from "./burst.mjs";
import { measureCost } from "./cost.mjs";
import { measureIdle } from "./idle.mjs";
import { createLedger, percentile } from "./ledger.mjs";
import { createPoster } from "./load.mjs";
import { measureStarts } from "./start.mjs";
import { measureStreams } from "./streams.mjs";

const ms = (number) => number.toFixed(1);
const pair = (sorted) => `${ms(percentile(sorted, 0.5))} / ${ms(percentile(sorted, 0.99))}`;

/** One fresh service: warmed up, flooded, then loaded at a steady rate. */
async function measureFlood(system, options) {
  let ledger = createLedger();
  const hear = (chatId, text) => ledger.answered(chatId, text);
  return await onBed(system, hear, async (service, usages) => {
    const poster = createPoster(service, options.conns);
    try {
      const warmUp = { messages: options.warmup, users: options.users, firstChat: 1_000_000 };
      await poster.flood(ledger, warmUp);
      const faults = [await faultsOf(ledger)];

      ledger = createLedger();
      const before = usages();
      const startedAt = performance.now();
      await poster.flood(ledger, { messages: options.n, users: options.users, firstChat: 2_000_000 });
      faults.push(await faultsOf(ledger));
      const flood = ledger;
      const usage = spent(before, usages());

      ledger = createLedger();
      await poster.openLoop(ledger, { ...options, firstChat: 3_000_000 });
      faults.push(await faultsOf(ledger));

      const perSecond = (options.n / (flood.lastAnswerAt() - startedAt)) * 1000;
      const cells = [
        Math.round(perSecond),
        pair(flood.times("ackMs")),
        pair(flood.times("replyMs")),
        pair(ledger.times("ackMs")),
        pair(ledger.times("replyMs")),
        usage,
      ];
      return { cells, perSecond, faults: faults.filter((fault) => fault !== null) };
    } finally {
      await poster.close();
    }
  });
}

/** One fresh service under a burst on one channel, while another channel continues. */
async function measureOneBurst(system, options) {
  const result = await measureBurst(system, options);
  if (result === null) return null;
  const { storedMs, drainedMs, alone, meanwhile, usage, faults } = result;
  const inSeconds = (duration) => (duration / 1000).toFixed(1);
  const cells = [inSeconds(storedMs), inSeconds(drainedMs), pair(alone), pair(meanwhile), usage];
  return { cells, faults };
}

/** Repeated starts and stops on one data directory. */
async function measureManyStarts({ queue }, options) {
  const result = await measureStarts(queue, options.starts);
  if (result === null) return null;
  const range = (sorted) => `${Math.round(percentile(sorted, 0.5))} / ${Math.round(sorted.at(-1))}`;
  return { cells: [range(result.readyMs), range(result.cpuMs), range(result.megabytes)], faults: [] };
}

const shares = (share) =>
  Object.entries(share)
    .map(([name, percent]) => `${name} ${percent.toFixed(2)} %`)
    .join("; ");

/** The idle service with the shipped configuration. */
async function measureAtRest({ queue }, options) {
  const result = await measureIdle(queue, options.idle);
  if (result === null) return null;
  return { cells: [shares(result.share), Math.round(result.megabytes)], faults: [] };
}

/** Idle streams, of visitors and over the API. */
async function measureOpenStreams({ queue }, options) {
  const cells = [];
  const faults = [];
  for (const kind of ["web", "api"]) {
    const result = await measureStreams(queue, kind, options.streams);
    if (result === null) return null;
    const { before, atOpening, after, share, broken } = result;
    cells.push([before, atOpening, after].map(Math.round).join(" / "), shares(share));
    if (broken > 0) faults.push(`${broken} ${kind} streams broke`);
  }
  return { cells, faults };
}

/** The cost of a message, in numbers that hold on a busy machine. */
async function measureOneCost(system, options) {
  const result = await measureCost(system, options);
  if (result === null) return null;
  const { updates, walBytes, transactions, syncs, processorMs, faults } = result;
  const inPlace = ({ perMessage, hotShare }) =>
    hotShare === null ? "none" : `${Math.round(hotShare * 100)} % of ${perMessage.toFixed(2)}`;
  const cells = [
    inPlace(updates.sessions),
    inPlace(updates.executions),
    inPlace(updates.deliveries),
    inPlace(updates.messages),
    Math.round(walBytes),
    transactions.toFixed(2),
    syncs.toFixed(3),
    processorMs.app.toFixed(3),
    processorMs.postgres.toFixed(3),
  ];
  return { cells, faults };
}

/** Every kind of measurement: what it runs, how it describes itself, and the columns of its table. */
export const scenariosFor = (options) => ({
  flood: {
    measure: measureFlood,
    says: `${options.n} messages of ${options.users} chats over ${options.conns} connections, after ${options.warmup} to warm up`,
    headings: [
      "messages/s",
      "ack p50 / p99 ms",
      "reply p50 / p99 ms",
      `at ${options.rate}/s ack p50 / p99 ms`,
      `at ${options.rate}/s reply p50 / p99 ms`,
      "processor, memory",
    ],
  },
  cost: {
    measure: measureOneCost,
    says: `What each of ${options.cost} messages of ${options.users} chats costs, after ${options.warmup} to warm up`,
    headings: [
      "sessions updated in place",
      "executions",
      "deliveries",
      "messages",
      "bytes of Postgres' log",
      "transactions",
      "syncs of the log",
      "service, processor ms",
      "Postgres, processor ms",
    ],
  },
  burst: {
    measure: measureOneBurst,
    says: `A burst of ${options.burst} messages of ${options.users} chats over ${options.conns} connections`,
    headings: [
      "stored after s",
      "answered after s",
      "another channel at 5/s, alone p50 / p99 ms",
      "meanwhile p50 / p99 ms",
      "processor, memory",
    ],
  },
  starts: {
    measure: measureManyStarts,
    says: `${options.starts} starts on one data directory`,
    headings: ["until ready, ms (p50 / most)", "processor until then, ms (p50 / most)", "MiB (p50 / most)"],
  },
  idle: {
    measure: measureAtRest,
    says: `Two minutes after the start, for ${options.idle} s in which nothing happens`,
    headings: ["of one processor", "MiB"],
  },
  streams: {
    measure: measureOpenStreams,
    says: `${options.streams} open streams on which nothing happens`,
    headings: [
      "visitors', MiB (none / just opened / later)",
      "of one processor",
      "over the API, MiB (none / just opened / later)",
      "of one processor",
    ],
  },
});
