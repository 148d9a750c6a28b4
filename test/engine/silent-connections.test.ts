import pg from "pg";
import { describe, expect, it } from "vitest";
import { createHub } from "../../src/queue/hub.ts";
import { openQueueBackend } from "../../src/queue/queue-backend.ts";
import { openPool } from "../../src/storage/database.ts";
import { prismaOn } from "../../src/storage/prisma.ts";
import { inTransaction } from "../../src/storage/transaction.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { quietLog } from "../support/quiet-log.ts";
import { startTcpProxy } from "../torture/tcp-proxy.ts";

const CONNECTIONS = 4;
/** Long enough that a statement on a live connection never reaches it. */
const STATEMENT_MS = 2_000;

/** A database behind a network whose connections can go silent. */
async function behindNetwork() {
  const database = await createTestDatabase();
  const target = new URL(database.url);
  const proxy = await startTcpProxy({ path: `${target.searchParams.get("host")}/.s.PGSQL.5432` });
  target.searchParams.delete("host");
  target.hostname = "127.0.0.1";
  target.port = String(proxy.port);
  target.searchParams.set("query_timeout", String(STATEMENT_MS));
  return {
    direct: database.url,
    url: target.href,
    /** All current connections go silent for ever. New ones work. */
    silence() {
      proxy.swallow();
      proxy.open();
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** A pool with several idle connections that all went silent. */
async function silentPool() {
  const network = await behindNetwork();
  const pool = openPool({ url: network.url, maxConnections: CONNECTIONS, log: quietLog() });
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.connect()));
  for (const client of clients) client.release();
  network.silence();
  return {
    pool,
    async [Symbol.asyncDispose]() {
      await pool.end();
      await network[Symbol.asyncDispose]();
    },
  };
}

describe("a pool whose connections all became silent", () => {
  it("loses one statement, and answers the next ones", async () => {
    await using silent = await silentPool();
    await expect(silent.pool.query("SELECT 1")).rejects.toThrow("timeout");
    for (let nth = 0; nth < CONNECTIONS; nth += 1) {
      expect((await silent.pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    }
  });

  it("loses one statement of Prisma, and answers the next ones", async () => {
    await using silent = await silentPool();
    const { workspace } = prismaOn(silent.pool).models;
    await expect(workspace.count()).rejects.toThrow("timeout");
    for (let nth = 0; nth < CONNECTIONS; nth += 1) expect(await workspace.count()).toBe(0);
  });

  it("loses one transaction, and answers the next statements", async () => {
    await using silent = await silentPool();
    const one = () => inTransaction(silent.pool, (client) => client.query("SELECT 1"));
    await expect(one()).rejects.toThrow("timeout");
    for (let nth = 0; nth < CONNECTIONS; nth += 1) expect((await one()).rowCount).toBe(1);
  });

  it("keeps its idle connections when a statement fails in another way", async () => {
    await using database = await createTestDatabase();
    const pool = openPool({ url: database.url, maxConnections: CONNECTIONS, log: quietLog() });
    const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.connect()));
    for (const client of clients) client.release();
    await expect(pool.query("SELECT 1 / 0")).rejects.toThrow(pg.DatabaseError);
    expect(pool.idleCount).toBe(CONNECTIONS - 1);
    await pool.end();
  });
});

describe("a queue whose connections all became silent", () => {
  it("listens on new connections, for jobs and for notices", async () => {
    await using network = await behindNetwork();
    const log = quietLog();
    const backend = await openQueueBackend({ databaseUrl: network.url, log });
    const hub = await createHub({ backend, alone: false, log });
    const other = await createHub({ backend, alone: false, log });
    const heard: unknown[] = [];
    other.subscribe("news", (text) => heard.push(text));
    const seen: string[] = [];
    backend.worker<string>("words", async (job) => void seen.push(job.data), { concurrency: 2 });
    await backend.queue<string>("words").add("word", "before");
    await eventually(() => expect(seen).toEqual(["before"]));
    const direct = new pg.Client(network.direct);
    await direct.connect();
    const listeners = async () =>
      (await direct.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'causeway-listener'"))
        .rows;
    const [first] = await listeners();

    network.silence();
    await eventually(async () => {
      const [next] = await listeners();
      expect(next).toBeDefined();
      expect(next).not.toEqual(first);
    });
    await eventually(() => backend.queue<string>("words").add("word", "after"));
    await eventually(() => expect(seen).toContain("after"));
    await eventually(() => {
      hub.publish("news", "heard again");
      expect(heard).toContain("heard again");
    });
    await other.close();
    await direct.end();
    await hub.close();
    await backend.close();
  });
});
