import type { Pool } from "pg";
import type { PrismaClient } from "./generated/client.ts";

/**
 * Prisma's models without its transactions. After a statement without an answer, a transaction would return the silent
 * connection to the pool.
 */
export type PrismaModels = Omit<PrismaClient, `$${string}`>;

/** Prisma on the connections of a pool. */
export interface LazyPrisma {
  models: PrismaModels;
  /** Closes Prisma, and leaves the pool open. */
  close(): Promise<void>;
}

/** Loading takes a fifth of the service's start, and its first call as much again. Most processes never make one. */
const load = () => import("./prisma-client.ts");

/** Prisma on a pool, which is loaded and opened by its first call. A failed statement rejects with a `FailedStatement`. */
export function prismaOn(pool: Pool): LazyPrisma {
  let opening: Promise<PrismaClient> | null = null;
  const open = () => {
    opening ??= load().then(
      ({ openPrisma }) => openPrisma(pool),
      (error: unknown) => {
        opening = null;
        throw error;
      },
    );
    return opening;
  };
  const models = onAccess((model) =>
    onAccess((method) => async (...args: unknown[]) => {
      const on: object = Reflect.get(await open(), model);
      return await Reflect.apply(Reflect.get(on, method), on, args);
    }),
  );
  return {
    models: models as PrismaModels,
    close: async () => (await opening?.catch(() => null))?.$disconnect(),
  };
}

/** An object whose members are created when they are read. */
function onAccess(create: (name: PropertyKey) => unknown): object {
  return new Proxy({}, { get: (_target, name) => create(name) });
}

let warming: Promise<void> | null = null;

/** Loads Prisma before its first call, once in a process. It needs no database, so Postgres can start meanwhile. */
export function loadPrisma(): Promise<void> {
  warming ??= load().then(({ warmPrisma }) => warmPrisma());
  return warming;
}
