import { defineConfig } from "vitest/config";

// Everything runs on the queue in Postgres; what tells stories of the whole application runs on Redis as well.
const stories = ["test/stories/**/*.test.ts", "test/torture/**/*.test.ts"];
const shared = {
  pool: "forks",
  // Files share a process and what it has loaded: loading the application anew for each of them cost a third of the
  // run. Each test has a database and an application of its own, and none changes what is global.
  isolate: false,
  testTimeout: 30_000,
  hookTimeout: 60_000,
} as const;

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    // Once for the whole run: both projects use the same servers.
    globalSetup: ["test/support/postgres.ts", "test/support/redis.ts"],
    // Tests wait a lot, for leases and timers, so three processes keep two cores busy without starving one another.
    maxWorkers: 3,
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
