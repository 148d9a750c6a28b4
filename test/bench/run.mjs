// `npm run bench`: floods a fresh service with Telegram-shaped updates, checks every answer, prints a Markdown table.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { faultsOf, onBed, spent } from "./bed.mjs";
import { measureBurst } from "./burst.mjs";
import { createLedger, percentile } from "./ledger.mjs";
import { createPoster } from "./load.mjs";

const { values } = parseArgs({
  options: {
    n: { type: "string", default: "5000" },
    users: { type: "string", default: "200" },
    conns: { type: "string", default: "32" },
    rate: { type: "string", default: "50" },
    seconds: { type: "string", default: "10" },
    runs: { type: "string", default: "1" },
    burst: { type: "string", default: "0" },
    queue: { type: "string", default: "both" },
    help: { type: "boolean", default: false },
  },
});
const options = Object.fromEntries(
  ["n", "users", "conns", "rate", "seconds", "runs", "burst"].map((name) => [name, Number(values[name])]),
);
const wrong = Object.entries(options).filter(
  ([name, number]) => !Number.isInteger(number) || number < (name === "burst" ? 0 : 1),
);
if (values.help || wrong.length > 0 || !["both", "postgres", "redis"].includes(values.queue)) {
  process.stderr.write(
    "npm run bench -- [--n 5000] [--users 200] [--conns 32] [--rate 50] [--seconds 10] [--runs 1] [--burst 100000] [--queue both|postgres|redis]\n",
  );
  process.exit(values.help ? 0 : 2);
}

const ms = (number) => number.toFixed(1);
const pair = (sorted) => `${ms(percentile(sorted, 0.5))} / ${ms(percentile(sorted, 0.99))}`;

/** One service, fresh: warmed up, flooded, then left at a steady rate. */
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
        pair(ledger.times("replyMs")),
        usage,
      ];
      return { cells, faults: faults.filter((fault) => fault !== null) };
    } finally {
      await poster.close();
    }
  });
}

/** One service, fresh, under a burst on one channel while another goes on. */
async function measureOneBurst(queue) {
  const result = await measureBurst(queue, options);
  if (result === null) return null;
  const { storedMs, drainedMs, alone, meanwhile, usage, faults } = result;
  const inSeconds = (duration) => (duration / 1000).toFixed(1);
  const cells = [inSeconds(storedMs), inSeconds(drainedMs), pair(alone), pair(meanwhile), usage];
  return { cells, faults };
}

const say = (line) => process.stdout.write(`${line}\n`);
const row = (cells) => say(`| ${cells.join(" | ")} |`);

const isBurst = options.burst > 0;
say(
  `${isBurst ? `A burst of ${options.burst}` : options.n} messages of ${options.users} chats over ${options.conns} connections; ` +
    `${cpus().length} processors (${cpus()[0]?.model.trim()}), Node ${process.versions.node}; load, Bot API and service share the machine\n`,
);
const headings = isBurst
  ? [
      "stored after s",
      "answered after s",
      "another channel at 5/s, alone p50 / p99 ms",
      "meanwhile p50 / p99 ms",
    ]
  : ["messages/s", "ack p50 / p99 ms", "reply p50 / p99 ms", `at ${options.rate}/s p50 / p99 ms`];
row(["queue", ...headings, "processor, memory"]);
row(["---", ...headings.map(() => "---:"), "---"]);
let failed = false;
const queues = values.queue === "both" ? ["postgres", "redis"] : [values.queue];
for (let run = 0; run < options.runs; run += 1) {
  for (const queue of queues) {
    const result = await (isBurst ? measureOneBurst : measure)(queue);
    if (result === null) {
      row([queue, "no redis-server here", "", "", "", ""]);
      continue;
    }
    row([queue, ...result.cells]);
    if (result.faults.length > 0) {
      failed = true;
      process.stderr.write(`${queue}: ${result.faults.join("; ")}\n`);
    }
  }
}
if (failed) process.exit(1);
say("\nEvery message was answered once, in the order of its chat.");
