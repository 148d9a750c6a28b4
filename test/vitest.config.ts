import { existsSync, statfsSync } from "node:fs";
import { defineConfig } from "vitest/config";
import LongestFirst from "./support/longest-first.ts";

/** Where Linux keeps files in memory. */
const MEMORY = "/dev/shm";
/** What the run needs there at most is a third of it. */
const ENOUGH_BYTES = 3 * 2 ** 30;

// What tests write is thrown away. A database is five hundred small files: in memory, making and dropping one costs a
// tenth of what it does on a disk.
if (process.availableMemory() > 2 * ENOUGH_BYTES && freeBytes(MEMORY) > ENOUGH_BYTES)
  process.env.TMPDIR ??= MEMORY;

function freeBytes(path: string): number {
  if (!existsSync(path)) return 0;
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

// Everything runs on the queue in Postgres; what tells stories of the whole application runs on Redis as well.
const stories = ["test/stories/**/*.test.ts", "test/torture/**/*.test.ts"];
const shared = {
  pool: "forks",
  // Files share a process and what it has loaded: loading the application anew for each of them cost a third of the
  // run. Each test has a database and an application of its own, and none changes what is global.
  isolate: false,
  // What a test waits for comes within a moment on a quiet machine, and has to come on one that does ten things at once.
  testTimeout: 60_000,
  hookTimeout: 120_000,
} as const;

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    // Once for the whole run: both projects use the same servers.
    globalSetup: ["test/support/postgres.ts", "test/support/redis.ts"],
    // Tests wait a lot, for leases, timers and one another's processes: with three at a time a third of two cores idles.
    maxWorkers: 4,
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
