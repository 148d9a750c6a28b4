// `npm run bench`: floods a fresh service with updates in Telegram's form, checks every answer, prints a Markdown
// table. With --cost, --burst, --starts, --idle or --streams it measures that instead.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { percentile } from "./ledger.mjs";
import { scenariosFor } from "./scenarios.mjs";

const { values } = parseArgs({
  options: {
    n: { type: "string", default: "5000" },
    users: { type: "string", default: "200" },
    conns: { type: "string", default: "32" },
    rate: { type: "string", default: "50" },
    seconds: { type: "string", default: "10" },
    runs: { type: "string", default: "1" },
    warmup: { type: "string", default: "500" },
    cost: { type: "string", default: "0" },
    burst: { type: "string", default: "0" },
    starts: { type: "string", default: "0" },
    idle: { type: "string", default: "0" },
    streams: { type: "string", default: "0" },
    queue: { type: "string", default: "both" },
    beside: { type: "string" },
    against: { type: "string" },
    path: { type: "string", default: "/webhook" },
    help: { type: "boolean", default: false },
  },
});
const instead = ["cost", "burst", "starts", "idle", "streams"];
const options = Object.fromEntries(
  ["n", "users", "conns", "rate", "seconds", "runs", "warmup", ...instead].map((name) => [
    name,
    Number(values[name]),
  ]),
);
const wrong = Object.entries(options).filter(
  ([name, number]) => !Number.isInteger(number) || number < (instead.includes(name) ? 0 : 1),
);
// These measurements do not apply to another bot, or to another build.
const isOursAlone = options.starts + options.idle + options.streams > 0;
const compares =
  (isOursAlone && (values.against ?? values.beside) !== undefined) ||
  (options.cost > 0 && values.against !== undefined);
if (values.help || wrong.length > 0 || compares || !["both", "postgres", "redis"].includes(values.queue)) {
  process.stderr.write(
    "npm run bench -- [--n 5000] [--users 200] [--conns 32] [--rate 50] [--seconds 10] [--queue both|postgres|redis]\n" +
      "  [--runs 1] (by turns, with medians) [--warmup 500] (messages before; 500: cold, 6000: warm)\n" +
      "  instead: --cost 5000 (messages), --burst 100000 (messages), --starts 10 (times), --idle 60 (seconds),\n" +
      "    --streams 5000 (open streams)\n" +
      "  by turns with it: --beside DIRECTORY (another build of the service),\n" +
      '    --against "node other-bot.mjs" [--path /webhook]\n',
  );
  process.exit(values.help ? 0 : 2);
}

const scenarios = scenariosFor(options);
const name = instead.find((other) => options[other] > 0) ?? "flood";
const { measure, says, headings } = scenarios[name];

const say = (line) => process.stdout.write(`${line}\n`);
const row = (cells) => say(`| ${cells.join(" | ")} |`);
const head = (cells) => {
  row(cells);
  row(cells.map((cell, n) => (n === 0 || cell.includes("memory") ? "---" : "---:")));
};

const queues = values.queue === "both" ? ["postgres", "redis"] : [values.queue];
const systems = queues.flatMap((queue) => [
  { title: queue, queue },
  ...(values.beside === undefined ? [] : [{ title: `${queue}, other build`, queue, build: values.beside }]),
]);
if (values.against !== undefined) {
  systems.push({ title: "the other", command: values.against, path: values.path });
}

say(
  `${says}; ${cpus().length} processors (${cpus()[0]?.model.trim()}), Node ${process.versions.node}; ` +
    "load, Bot API and service share the machine\n",
);
head(["queue", ...headings]);
let failed = false;
const rates = new Map();
for (let run = 0; run < options.runs; run += 1) {
  for (const system of systems) {
    const { title } = system;
    const result = await measure(system, options);
    if (result === null) {
      row([title, "no redis-server here", ...headings.slice(1).map(() => "")]);
      continue;
    }
    row([title, ...result.cells]);
    if (result.perSecond) rates.set(title, [...(rates.get(title) ?? []), result.perSecond]);
    if (result.faults.length > 0) {
      failed ||= system.command === undefined;
      process.stderr.write(`${title}: ${result.faults.join("; ")}\n`);
    }
  }
}
if (options.runs > 1 && rates.size > 0) sayMedians();
if (failed) process.exit(1);
if (["flood", "cost", "burst"].includes(name)) {
  say("\nThe service answered every message once, in the order of its chat.");
}

/** Medians and spread, and the ratio of each to the last one, which varies least with the machine's load. */
function sayMedians() {
  say("");
  head(["queue", "messages/s, median", "least to most", "times the last one, median of the runs"]);
  const last = [...rates.values()].at(-1);
  const median = (numbers) =>
    percentile(
      numbers.toSorted((a, b) => a - b),
      0.5,
    );
  for (const [title, found] of rates) {
    const ratios = found.map((rate, run) => rate / (last[run] ?? Number.NaN));
    row([
      title,
      Math.round(median(found)),
      `${Math.round(Math.min(...found))} to ${Math.round(Math.max(...found))}`,
      median(ratios).toFixed(2),
    ]);
  }
}
