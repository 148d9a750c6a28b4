import { createHash } from "node:crypto";
import { PrismaPg } from "@prisma/adapter-pg";
import type { Pool, QueryConfig } from "pg";
import { FailedStatement } from "../core/faults/database-outage.ts";
import { PrismaClient } from "./generated/client.ts";

/** Prisma's client on the connections of a pool. A failed statement rejects with a `FailedStatement`. */
export function openPrisma(pool: Pool): PrismaClient {
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

/** Does once what the first statement of a process would wait for: half of it comes before the search for the server. */
export async function warmPrisma(): Promise<void> {
  const client = new PrismaClient({ adapter: new PrismaPg({ host: "/nowhere" }) });
  await client.workspace.count().catch(() => undefined);
  await client.$disconnect();
}

/**
 * Names a prepared statement. A connection stores prepared statements by name. 16 hex digits distinguish Prisma's
 * statements.
 */
function statementName(sql: string): string {
  return createHash("sha1").update(sql).digest("hex").slice(0, 16);
}
