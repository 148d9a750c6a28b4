import { createHash } from "node:crypto";
import { PrismaPg } from "@prisma/adapter-pg";
import type { Pool, QueryConfig } from "pg";
import { FailedStatement } from "../core/faults/database-outage.ts";
import { PrismaClient } from "./generated/client.ts";

/**
 * Prisma's models without its transactions. After a statement without an answer, a transaction would return the silent
 * connection to the pool.
 */
export type PrismaModels = Omit<PrismaClient, `$${string}`>;

/** Prisma's client on the connections of a pool. A failed statement rejects with a `FailedStatement`. */
export function prismaOn(pool: Pool): PrismaClient {
  return new PrismaClient({
    adapter: new PrismaPg(withPlainErrors(pool), {
      statementNameGenerator: (query) => statementName(query.sql),
    }),
  });
}

/**
 * Prisma replaces an error that has a code by its own, which does not tell whether the database is away. It passes on
 * an error without a code.
 */
function withPlainErrors(pool: Pool): Pool {
  const query = async (statement: QueryConfig) => {
    try {
      return await pool.query(statement);
    } catch (error) {
      throw new FailedStatement(error instanceof Error ? error.message : String(error), { cause: error });
    }
  };
  return new Proxy(pool, {
    get: (target, name) => (name === "query" ? query : Reflect.get(target, name)),
  });
}

let loading: Promise<void> | null = null;

/**
 * Loads Prisma's engine, which the first call would wait for: a fifth of a second, once in a process. It needs no
 * database, so it can load while Postgres starts.
 */
export function loadPrisma(): Promise<void> {
  const load = async () => {
    const client = new PrismaClient({ adapter: new PrismaPg({ host: "/nowhere" }) });
    // Half of the time goes into the first statement, before it looks for the server.
    await client.workspace.count().catch(() => undefined);
    await client.$disconnect();
  };
  loading ??= load();
  return loading;
}

/**
 * Names a prepared statement. A connection stores prepared statements by name. 16 hex digits distinguish Prisma's
 * statements.
 */
function statementName(sql: string): string {
  return createHash("sha1").update(sql).digest("hex").slice(0, 16);
}
