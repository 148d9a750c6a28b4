import { mkdir, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { faults } from "./faults.ts";
import { faultTable } from "./report.ts";
import { isBroken, runFaults } from "./run-faults.ts";

// As a test, each fault happens once: on Redis if it concerns the queue, else on Postgres. `npm run torture` runs all
// of them on both queues. It sets the duration, the load and the path of the table.
const minutes = Number(process.env.TORTURE_MINUTES ?? 0);
const seed = Number(process.env.TORTURE_SEED ?? 20_261_121);
const report = process.env.TORTURE_REPORT;
const long = minutes > 0;
const queue = process.env.CAUSEWAY_TEST_QUEUE === "redis" ? "redis" : "postgres";

describe("despite every fault, the service", () => {
  it(
    "answers every accepted message in order, and repeats an answer only with a mark",
    async () => {
      const outcomes = await runFaults({
        queue,
        seed,
        minutes,
        faults: faults.filter((fault) => long || (queue === "redis") === (fault.queue ?? false)),
        processes: long ? { web: 2, worker: 2 } : { web: 1, worker: 2 },
        perSecond: 20,
        handoffs: long,
        said: (line) => process.stdout.write(`[${queue}] ${line}\n`),
      });
      const table = faultTable([{ queue, outcomes }]);
      process.stdout.write(`\nseed ${seed}\n\n${table}\n`);
      if (report !== undefined) {
        await mkdir(report, { recursive: true });
        await writeFile(`${report}/${queue}.md`, `${table}\n`);
      }
      expect(
        outcomes
          .filter(isBroken)
          .map(({ fault, verdict, handoff }) => ({ fault: fault.name, ...verdict, handoff })),
      ).toEqual([]);
    },
    minutes * 60_000 + 600_000,
  );
});
