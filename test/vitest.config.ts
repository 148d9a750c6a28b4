import { existsSync, statfsSync } from "node:fs";
import { defineConfig } from "vitest/config";
import LongestFirst from "./support/longest-first.ts";

/** Linux keeps files below this path in memory. */
const MEMORY = "/dev/shm";
/** Three times the most that the run needs there. */
const ENOUGH_BYTES = 3 * 2 ** 30;

// Nothing that tests write is kept. A database has five hundred small files. In memory, creating and dropping one costs
// a tenth of the time on a disk.
if (process.availableMemory() > 2 * ENOUGH_BYTES && freeBytes(MEMORY) > ENOUGH_BYTES)
  process.env.TMPDIR ??= MEMORY;

function freeBytes(path: string): number {
  if (!existsSync(path)) return 0;
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

// Everything runs on the queue in Postgres. Both stores pass the tests of the queue itself. On Redis run the stories in
// which the store decides: several processes and their notices, order, fairness, pauses, stops and recovery.
const onQueue =
  "{delivery,engine,engine-streams,fairness,faults,hand-over,operating,previews,properties,stop,turns-policies}";
const stories = [`test/stories/${onQueue}.test.ts`, "test/torture/**/*.test.ts"];
const shared = {
  pool: "forks",
  // Files share a process and what it has loaded: loading the application anew for each of them cost a third of the
  // run. Each test has a database and an application of its own, and none changes what is global.
  isolate: false,
  setupFiles: "test/support/slow-database.ts",
  // On a quiet machine an expected result comes within a moment. It also has to come on a machine under load.
  testTimeout: 120_000,
  hookTimeout: 120_000,
} as const;

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    // Once for the whole run: both projects use the same servers.
    globalSetup: ["test/support/postgres.ts", "test/support/redis.ts", "test/support/service-program.ts"],
    // Tests wait a lot, for leases, timers and one another's processes: with four at a time a fifth of two cores idles.
    maxWorkers: 5,
    sequence: { sequencer: LongestFirst },
    reporters: ["default", "./test/support/conformance-reporter.ts"],
    projects: [
      {
        test: {
          ...shared,
          name: "postgres-queue",
          include: ["test/**/*.test.ts"],
          env: { CAUSEWAY_TEST_QUEUE: "postgres" },
        },
      },
      {
        test: { ...shared, name: "redis-queue", include: stories, env: { CAUSEWAY_TEST_QUEUE: "redis" } },
      },
    ],
  },
});
