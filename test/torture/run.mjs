import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const usage = `npm run torture [-- --minutes 30] [--queue postgres|redis] [--seed 1]

Harms the service in every way of test/torture/faults.ts while people write to it, for so many minutes on each queue, and
prints what became of what was acknowledged. Ends with 1 if anything was lost, overtaken, or doubled without saying so.`;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    queue: { type: "string" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
    help: { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
const queues = values.queue === undefined ? ["postgres", "redis"] : [values.queue];
if (values.help || !(minutes > 0) || queues.some((queue) => !["postgres", "redis"].includes(queue))) {
  process.stdout.write(`${usage}\n`);
  process.exit(values.help ? 0 : 1);
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const report = mkdtempSync(join(tmpdir(), "causeway-torture-report-"));
const failed = queues.filter((queue) => {
  const { status } = spawnSync(
    process.execPath,
    [
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--config",
      "test/vitest.config.ts",
      "--project",
      `${queue}-queue`,
      "test/torture",
    ],
    {
      cwd: root,
      stdio: "inherit",
      env: {
        ...process.env,
        TORTURE_MINUTES: values.minutes,
        TORTURE_SEED: values.seed,
        TORTURE_REPORT: report,
      },
    },
  );
  return status !== 0;
});
for (const queue of queues) {
  const file = join(report, `${queue}.md`);
  if (existsSync(file))
    process.stdout.write(
      `\n${queue}, ${values.minutes} minutes, seed ${values.seed}\n\n${readFileSync(file)}`,
    );
}
process.exit(failed.length > 0 ? 1 : 0);
