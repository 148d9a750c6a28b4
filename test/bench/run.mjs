// `npm run bench`: floods a fresh service with updates in Telegram's form, checks every answer, prints a Markdown
// table. With --burst, --starts, --idle or --streams it measures that instead.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { faultsOf, onBed, spent } from "./bed.mjs";
import { measureBurst } from "./burst.mjs";
import { measureIdle } from "./idle.mjs";
import { createLedger, percentile } from "./ledger.mjs";
import { createPoster } from "./load.mjs";
import { measureStarts } from "./start.mjs";
import { measureStreams } from "./streams.mjs";

const { values } = parseArgs({
  options: {
    n: { type: "string", default: "5000" },
    users: { type: "string", default: "200" },
    conns: { type: "string", default: "32" },
    rate: { type: "string", default: "50" },
    seconds: { type: "string", default: "10" },
    runs: { type: "string", default: "1" },
    burst: { type: "string", default: "0" },
    starts: { type: "string", default: "0" },
    idle: { type: "string", default: "0" },
    streams: { type: "string", default: "0" },
    queue: { type: "string", default: "both" },
    against: { type: "string" },
    path: { type: "string", default: "/webhook" },
    help: { type: "boolean", default: false },
  },
});
const instead = ["burst", "starts", "idle", "streams"];
const options = Object.fromEntries(
  ["n", "users", "conns", "rate", "seconds", "runs", ...instead].map((name) => [name, Number(values[name])]),
);
const wrong = Object.entries(options).filter(
  ([name, number]) => !Number.isInteger(number) || number < (instead.includes(name) ? 0 : 1),
);
// These measurements do not apply to another bot.
const isOursAlone = options.starts + options.idle + options.streams > 0;
const compares = values.against !== undefined && isOursAlone;
if (values.help || wrong.length > 0 || compares || !["both", "postgres", "redis"].includes(values.queue)) {
  process.stderr.write(
    "npm run bench -- [--n 5000] [--users 200] [--conns 32] [--rate 50] [--seconds 10] [--runs 1] [--queue both|postgres|redis]\n" +
      "  instead: --burst 100000 (messages), --starts 10 (times), --idle 60 (seconds), --streams 5000 (open streams)\n" +
      '  beside it: --against "node other-bot.mjs" [--path /webhook], in turns\n',
  );
  process.exit(values.help ? 0 : 2);
}

const ms = (number) => number.toFixed(1);
const pair = (sorted) => `${ms(percentile(sorted, 0.5))} / ${ms(percentile(sorted, 0.99))}`;

/** One fresh service: warmed up, flooded, then loaded at a steady rate. */
async function measure(queue) {
  let ledger = createLedger();
  const hear = (chatId, text) => ledger.answered(chatId, text);
  return await onBed(queue, hear, async (service, usages) => {
    const poster = createPoster(service, options.conns);
    try {
      const warmUp = { messages: Math.min(500, options.n), users: options.users, firstChat: 1_000_000 };
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

      const cells = [
        Math.round((options.n / (flood.lastAnswerAt() - startedAt)) * 1000),
        pair(flood.times("ackMs")),
        pair(flood.times("replyMs")),
        pair(ledger.times("ackMs")),
        pair(ledger.times("replyMs")),
        usage,
      ];
      return { cells, faults: faults.filter((fault) => fault !== null) };
    } finally {
      await poster.close();
    }
  });
}

/** One fresh service under a burst on one channel, while another channel continues. */
async function measureOneBurst(queue) {
  const result = await measureBurst(queue, options);
  if (result === null) return null;
  const { storedMs, drainedMs, alone, meanwhile, usage, faults } = result;
  const inSeconds = (duration) => (duration / 1000).toFixed(1);
  const cells = [inSeconds(storedMs), inSeconds(drainedMs), pair(alone), pair(meanwhile), usage];
  return { cells, faults };
}

/** Repeated starts and stops on one data directory. */
async function measureManyStarts(queue) {
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
async function measureAtRest(queue) {
  const result = await measureIdle(queue, options.idle);
  if (result === null) return null;
  return { cells: [shares(result.share), Math.round(result.megabytes)], faults: [] };
}

/** Idle streams, of visitors and over the API. */
async function measureOpenStreams(queue) {
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

const SCENARIOS = {
  flood: {
    measure,
    says: `${options.n} messages of ${options.users} chats over ${options.conns} connections`,
    headings: [
      "messages/s",
      "ack p50 / p99 ms",
      "reply p50 / p99 ms",
      `at ${options.rate}/s ack p50 / p99 ms`,
      `at ${options.rate}/s reply p50 / p99 ms`,
      "processor, memory",
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
};
const name = instead.find((other) => options[other] > 0) ?? "flood";
const { measure: measureScenario, says, headings } = SCENARIOS[name];

const say = (line) => process.stdout.write(`${line}\n`);
const row = (cells) => say(`| ${cells.join(" | ")} |`);

say(
  `${says}; ${cpus().length} processors (${cpus()[0]?.model.trim()}), Node ${process.versions.node}; ` +
    "load, Bot API and service share the machine\n",
);
row(["queue", ...headings]);
row(["---", ...headings.map((heading) => (heading.includes("processor") ? "---" : "---:"))]);
let failed = false;
const systems = values.queue === "both" ? ["postgres", "redis"] : [values.queue];
if (values.against !== undefined) systems.push({ command: values.against, path: values.path });
for (let run = 0; run < options.runs; run += 1) {
  for (const system of systems) {
    const isOther = typeof system !== "string";
    const queue = isOther ? "the other" : system;
    const result = await measureScenario(system);
    if (result === null) {
      row([queue, "no redis-server here", ...headings.slice(1).map(() => "")]);
      continue;
    }
    row([queue, ...result.cells]);
    if (result.faults.length > 0) {
      failed ||= !isOther;
      process.stderr.write(`${queue}: ${result.faults.join("; ")}\n`);
    }
  }
}
if (failed) process.exit(1);
if (name === "flood" || name === "burst") {
  say("\nThe service answered every message once, in the order of its chat.");
}
