// `npm run bench`: floods a fresh service with Telegram-shaped updates, checks every answer, prints a Markdown table.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { startBotApi } from "./bot-api.mjs";
import { createLedger, percentile } from "./ledger.mjs";
import { createPoster } from "./load.mjs";
import { startRedis, startService } from "./service.mjs";
import { usageOf } from "./usage.mjs";

const { values } = parseArgs({
  options: {
    n: { type: "string", default: "5000" },
    users: { type: "string", default: "200" },
    conns: { type: "string", default: "32" },
    rate: { type: "string", default: "50" },
    seconds: { type: "string", default: "10" },
    runs: { type: "string", default: "1" },
    queue: { type: "string", default: "both" },
    help: { type: "boolean", default: false },
  },
});
const options = Object.fromEntries(
  ["n", "users", "conns", "rate", "seconds", "runs"].map((name) => [name, Number(values[name])]),
);
const wrong = Object.entries(options).filter(([, number]) => !Number.isInteger(number) || number < 1);
if (values.help || wrong.length > 0 || !["both", "postgres", "redis"].includes(values.queue)) {
  process.stderr.write(
    "npm run bench -- [--n 5000] [--users 200] [--conns 32] [--rate 50] [--seconds 10] [--runs 1] [--queue both|postgres|redis]\n",
  );
  process.exit(values.help ? 0 : 2);
}

const ms = (number) => number.toFixed(1);
const pair = (sorted) => `${ms(percentile(sorted, 0.5))} / ${ms(percentile(sorted, 0.99))}`;

/** One service, fresh: warmed up, flooded, then left at a steady rate. */
async function measure(queue) {
  let ledger = createLedger();
  const botApi = await startBotApi((chatId, text) => ledger.answered(chatId, text));
  const redis = queue === "redis" ? await startRedis() : null;
  if (queue === "redis" && redis === null) {
    await botApi.close();
    return null;
  }
  const service = await startService({ botApiUrl: botApi.url, redisUrl: redis?.url });
  const poster = createPoster(service, options.conns);
  const processes = {
    app: service.pid,
    postgres: service.postgresPid,
    ...(redis ? { redis: redis.pid } : {}),
  };
  const usages = () =>
    Object.fromEntries(Object.entries(processes).map(([name, pid]) => [name, usageOf(pid)]));
  try {
    await poster.flood(ledger, {
      messages: Math.min(500, options.n),
      users: options.users,
      firstChat: 1_000_000,
    });
    const faults = [await faultsOf(ledger)];

    ledger = createLedger();
    const before = usages();
    const startedAt = performance.now();
    await poster.flood(ledger, { messages: options.n, users: options.users, firstChat: 2_000_000 });
    faults.push(await faultsOf(ledger));
    const flood = ledger;
    const after = usages();

    ledger = createLedger();
    await poster.openLoop(ledger, { ...options, firstChat: 3_000_000 });
    faults.push(await faultsOf(ledger));

    return {
      queue,
      throughput: (options.n / (flood.lastAnswerAt() - startedAt)) * 1000,
      ack: pair(flood.times("ackMs")),
      reply: pair(flood.times("replyMs")),
      steady: pair(ledger.times("replyMs")),
      usage: Object.keys(processes).map((name) => spent(name, before[name], after[name])),
      faults: faults.filter((fault) => fault !== null),
    };
  } finally {
    await poster.close();
    await service.stop();
    await redis?.stop();
    await botApi.close();
  }
}

/** What went wrong, in words; null for nothing. */
async function faultsOf(ledger) {
  await ledger.allAnswered();
  const counts = Object.entries({ lost: ledger.lost(), ...ledger.faults }).filter(([, count]) => count > 0);
  return counts.length === 0 ? null : counts.map(([name, count]) => `${count} ${name}`).join(", ");
}

function spent(name, before, after) {
  if (!before || !after) return `${name} ?`;
  return `${name} ${(after.cpuSeconds - before.cpuSeconds).toFixed(1)} s, ${Math.round(after.megabytes)} MB`;
}

const say = (line) => process.stdout.write(`${line}\n`);
const row = (cells) => say(`| ${cells.join(" | ")} |`);

say(
  `${options.n} messages of ${options.users} chats over ${options.conns} connections; ${cpus().length} processors ` +
    `(${cpus()[0]?.model.trim()}), Node ${process.versions.node}; load, Bot API and service share the machine\n`,
);
row([
  "queue",
  "messages/s",
  "ack p50 / p99 ms",
  "reply p50 / p99 ms",
  `at ${options.rate}/s p50 / p99 ms`,
  "processor, memory",
]);
row(["---", "---:", "---:", "---:", "---:", "---"]);
let failed = false;
const queues = values.queue === "both" ? ["postgres", "redis"] : [values.queue];
for (let run = 0; run < options.runs; run += 1) {
  for (const queue of queues) {
    const result = await measure(queue);
    if (result === null) {
      row([queue, "no redis-server here", "", "", "", ""]);
      continue;
    }
    const { throughput, ack, reply, steady, usage, faults } = result;
    row([queue, Math.round(throughput), ack, reply, steady, usage.join("; ")]);
    if (faults.length > 0) {
      failed = true;
      process.stderr.write(`${queue}: ${faults.join("; ")}\n`);
    }
  }
}
if (failed) process.exit(1);
say("\nEvery message was answered once, in the order of its chat.");
