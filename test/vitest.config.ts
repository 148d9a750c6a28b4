import { defineConfig } from "vitest/config";

// Everything runs on the queue in Postgres; what tells stories of the whole application runs on Redis as well.
const stories = "test/stories/**/*.test.ts";
const shared = { pool: "forks", testTimeout: 30_000, hookTimeout: 60_000 } as const;

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    // Once for the whole run: both projects use the same servers.
    globalSetup: ["test/support/postgres.ts", "test/support/redis.ts"],
    // Two processes suit two cores; each also drives a database and, in stories, whole applications.
    maxWorkers: 2,
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
        test: { ...shared, name: "redis-queue", include: [stories], env: { CAUSEWAY_TEST_QUEUE: "redis" } },
      },
    ],
  },
});
