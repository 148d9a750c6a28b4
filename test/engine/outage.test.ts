import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { createHub } from "../../src/queue/hub.ts";
import { openQueueBackend } from "../../src/queue/queue-backend.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { startEmbeddedPostgres } from "../../src/storage/embedded/embedded-postgres.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { givePreparedCluster } from "../support/prepared-cluster.ts";
import { quietLog } from "../support/quiet-log.ts";
import { startRedis } from "../support/redis.ts";
import { queueKinds } from "./queue-kinds.ts";

describe("during an outage", () => {
  it("of Postgres, queue, worker, hub and pool recover after the server was killed", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "causeway-outage-"));
    await chmod(dataDir, 0o711);
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    await givePreparedCluster(dataDir);
    const log = quietLog();
    const server = await startEmbeddedPostgres({ dataDir, log, durable: false });
    onTestFinished(() => server.stop());
    const database = openDatabase({ url: server.url, maxConnections: 4, log });
    const backend = await openQueueBackend({ databaseUrl: server.url, log });
    const hub = await createHub({ backend, alone: false, log });
    const other = await createHub({ backend, alone: false, log });
    const seen: unknown[] = [];
    backend.worker<string>("words", async (job) => seen.push(job.data), { concurrency: 2 });
    other.subscribe("news", (data) => seen.push(data));
    await backend.queue<string>("words").add("word", "before");
    await eventually(() => expect(seen).toEqual(["before"]));

    const pid = Number.parseInt(await readFile(join(dataDir, "postgres", "postmaster.pid"), "utf8"), 10);
    process.kill(pid, "SIGKILL");

    await eventually(() => database.pool.query("SELECT 1"), { timeoutMs: 20_000 });
    await eventually(() => backend.queue<string>("words").add("word", "after"), { timeoutMs: 20_000 });
    await eventually(() => expect(seen).toContain("after"), { timeoutMs: 25_000 });
    await eventually(() => {
      hub.publish("news", "heard again");
      expect(seen).toContain("heard again");
    });
    await Promise.all([hub.close(), other.close()]);
    await backend.close();
    await database.close();
  }, 300_000);

  it.skipIf(!queueKinds.includes("redis"))(
    "of Redis, with or without data loss, adding a job fails soon and then works again",
    async () => {
      await using database = await createTestDatabase({ empty: true });
      const redis = await startRedis();
      if (!redis) throw new Error("redis-server went away");
      const log = quietLog();
      const backend = await openQueueBackend({ redisUrls: [redis.url], databaseUrl: database.url, log });
      const seen: unknown[] = [];
      backend.worker<string>("words", async (job) => seen.push(job.data), { concurrency: 2 });
      await backend.queue<string>("words").add("word", "before");
      await eventually(() => expect(seen).toEqual(["before"]));

      await redis.stop();
      await expect(backend.queue<string>("words").add("word", "during")).rejects.toThrow();
      await expect(backend.ping()).rejects.toThrow();
      await using again = await startRedis({ port: redis.port });
      expect(again?.port).toBe(redis.port);
      await eventually(() => backend.queue<string>("words").add("word", "after"), { timeoutMs: 20_000 });
      await eventually(() => expect(seen).toContain("after"), { timeoutMs: 20_000 });
      expect(log.lines.filter((line) => line.message.startsWith("connection lost"))).toHaveLength(1);
      await backend.close();
    },
    60_000,
  );

  it("of single connections, the pool replaces those that an administrator ended", async () => {
    await using own = await createTestDatabase();
    const database = openDatabase({ url: own.url, maxConnections: 2, log: quietLog() });
    await database.prisma.workspace.create({ data: { id: "w", slug: "default" } });
    const inTransaction = await database.pool.connect();
    await inTransaction.query("BEGIN");
    const admin = new pg.Client(own.url);
    await admin.connect();
    await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    await admin.end();
    await eventually(() => expect(inTransaction.query("SELECT 1")).rejects.toThrow());
    inTransaction.release(true);
    await eventually(async () => expect(await database.prisma.workspace.count()).toBe(1));
    await database.close();
  });
});
