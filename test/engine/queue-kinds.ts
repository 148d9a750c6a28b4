import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { openQueueBackend, type QueueBackend } from "../../src/queue/queue-backend.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { quietLog } from "../support/quiet-log.ts";

/** The stores that BullMQ can use on this machine. Every test must pass on each. */
export const queueKinds: readonly ("postgres" | "redis")[] = inject("redisUrl")
  ? ["postgres", "redis"]
  : ["postgres"];

/** Backends of processes that share one store. Disposing closes them all and drops the store. */
export async function sharedStore(kind: "postgres" | "redis") {
  const database = await createTestDatabase({ empty: true });
  const prefix = `test-${randomBytes(6).toString("hex")}`;
  const opened: QueueBackend[] = [];
  return {
    async open(): Promise<QueueBackend> {
      const redisUrl = kind === "redis" ? inject("redisUrl") : null;
      const backend = await openQueueBackend({
        redisUrls: redisUrl === null ? null : [redisUrl],
        databaseUrl: database.url,
        prefix,
        log: quietLog(),
      });
      opened.push(backend);
      return backend;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((backend) => backend.close()));
      await database.drop();
    },
  };
}
