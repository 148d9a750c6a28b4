import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import type { TestProject } from "vitest/node";
import { eventually } from "./eventually.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Null if this machine has no redis-server: tests that need one are skipped. */
    redisUrl: string | null;
  }
}

/** A Redis server for one test, which the test may stop, clear and restart on the same port. */
export interface TestRedis extends AsyncDisposable {
  url: string;
  port: number;
  stop(): Promise<void>;
}

/** Vitest's global setup: one Redis for the whole run. Each test uses a separate key prefix. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await startRedis();
  if (!redis) {
    process.stdout.write(
      "No redis-server on PATH: the tests of the Redis queue are skipped (apt-get install redis-server).\n",
    );
  }
  project.provide("redisUrl", redis?.url ?? null);
  return async () => {
    await redis?.stop();
  };
}

/** Starts a Redis on a free port (or the given one). Returns null if the machine has none. */
export async function startRedis(options: { port?: number } = {}): Promise<TestRedis | null> {
  const directory = await mkdtemp(join(tmpdir(), "causeway-redis-"));
  const port = options.port ?? (await freePort());
  const server = await spawnRedis(directory, ["--port", String(port)]);
  if (!server) {
    await rm(directory, { recursive: true, force: true });
    return null;
  }
  const url = `redis://127.0.0.1:${port}`;
  await answers(url);
  const stop = async () => {
    await server.kill();
    await rm(directory, { recursive: true, force: true });
  };
  return { url, port, stop, [Symbol.asyncDispose]: stop };
}

/** Starts a server without persistence; null if the machine has none. */
export async function spawnRedis(
  directory: string,
  flags: readonly string[],
): Promise<{ kill(): Promise<void> } | null> {
  const all = ["--bind", "127.0.0.1", "--dir", directory, "--save", "", "--appendonly", "no", ...flags];
  const child = spawn("redis-server", all, { stdio: "ignore" });
  const started = await Promise.race([
    once(child, "spawn").then(() => true),
    once(child, "error").then(() => false),
  ]);
  if (!started) return null;
  return {
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

async function answers(url: string): Promise<void> {
  const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  client.on("error", () => undefined);
  await eventually(() => client.ping());
  client.disconnect();
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}
