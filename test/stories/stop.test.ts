import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { DEAD_ADDRESS } from "../support/dead-address.ts";
import { type FakeTelegram, startFakeTelegram } from "../support/fake-telegram.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { type ServiceProcess, serviceDirectory, spawnService, startProcess } from "../support/process.ts";
import { startRedis } from "../support/redis.ts";
import { startTcpProxy } from "../torture/tcp-proxy.ts";
import { message, patiently, post, query, receivedIn, telegramConfig } from "./conversations.ts";
import { onRedis } from "./shared-engine.ts";

/** Shorter than in an installation, because the tests wait for all of it. */
const env = { CAUSEWAY_STOP_SECONDS: "5", LOG_LEVEL: "info" };
const STOPPED = /"stopped/;

/** Stops a service and reports its end. A stop that takes too long ends with 1. */
async function stopOf(service: ServiceProcess): Promise<{ code: number | null; stopped: boolean }> {
  const code = await service.stop();
  return { code, stopped: STOPPED.test(service.output()) };
}

/** A bot's endpoint that accepts questions and never answers. */
async function startSilentBot() {
  let asked = 0;
  const server = createServer(() => {
    asked += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    config: {
      type: "webhook",
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      secret: "secret-of-a-silent-bot",
    },
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("the service stops in time with code 0", { timeout: 300_000 }, () => {
  const start = async (
    directory: Awaited<ReturnType<typeof serviceDirectory>>,
    more: Record<string, string>,
  ) => await startProcess({ directory, env: { ...env, ...more } });

  it.runIf(onRedis).each(["SIGTERM", "SIGINT"] as const)(
    "although Redis never started: %s ends the start",
    async (signal) => {
      await using database = await createTestDatabase();
      await using directory = await serviceDirectory();
      await directory.configure({
        agents: { talker: { bot: { type: "echo" } } },
        channels: { api: { kind: "api", agent: "talker" } },
      });
      const redis = DEAD_ADDRESS.replace("http", "redis");
      await using service = spawnService({
        directory,
        env: { ...env, DATABASE_URL: database.url, REDIS_URL: redis },
      });
      await patiently(() => expect(service.output()).toContain("connection lost"));
      service.signal(signal);
      expect(await service.ended).toBe(0);
      expect(service.output()).not.toContain("took too long");
    },
  );

  it.runIf(onRedis)(
    "although Redis is away, and messages that arrived meanwhile are answered, also one whose send is repeated",
    async () => {
      await using database = await createTestDatabase();
      await using fake = await startFakeTelegram();
      await using directory = await serviceDirectory(telegramConfig(fake));
      const redis = await startRedis();
      if (!redis) throw new Error("these tests need redis-server on PATH");
      const more = { DATABASE_URL: database.url, REDIS_URL: redis.url };
      await using service = await start(directory, more);
      await redis.stop();
      expect(await post(service.url, message(1, "hello"))).toBe(200);
      // The first send waits for no job, but a repeated one does.
      await patiently(() => expect(receivedIn(fake, 1)).toEqual(["You said: hello"]));
      fake.fail({ answer: 500, description: "Internal Server Error" });
      expect(await post(service.url, message(1, "again"))).toBe(200);
      await patiently(async () =>
        expect(await query(database.url, "SELECT status, attempts FROM deliveries ORDER BY ordinal")).toEqual(
          [
            { status: "sent", attempts: 1 },
            { status: "queued", attempts: 1 },
          ],
        ),
      );

      await using again = await startRedis({ port: redis.port });
      expect(again).not.toBeNull();
      await using next = await start(directory, more);
      await patiently(() => expect(receivedIn(fake, 1)).toEqual(["You said: hello", "You said: again"]));
      expect(await stopOf(next)).toEqual({ code: 0, stopped: true });
    },
  );

  it.each(["refuse", "swallow"] as const)(
    "although the database is unreachable: its network does %s",
    async (fault) => {
      await using database = await createTestDatabase();
      const target = new URL(database.url);
      await using proxy = await startTcpProxy({
        path: `${target.searchParams.get("host")}/.s.PGSQL.5432`,
      });
      target.searchParams.delete("host");
      target.port = String(proxy.port);
      target.hostname = "127.0.0.1";
      await using fake = await startFakeTelegram();
      await using bot = await startSilentBot();
      const config = telegramConfig(fake, { bot: bot.config });
      await using directory = await serviceDirectory(config);
      await using service = await start(directory, { DATABASE_URL: target.href });
      expect(await post(service.url, message(1, "hello"))).toBe(200);
      await patiently(() => expect(bot.asked()).toBe(1));
      proxy[fault]();
      expect((await stopOf(service)).code).toBe(0);
    },
  );

  it("although the bot never answers, and hands the turn to the next process at once", async () => {
    await using database = await createTestDatabase();
    await using fake = await startFakeTelegram();
    await using bot = await startSilentBot();
    await using directory = await serviceDirectory(telegramConfig(fake, { bot: bot.config }));
    await using service = await start(directory, { DATABASE_URL: database.url });
    expect(await post(service.url, message(1, "hello"))).toBe(200);
    await patiently(() => expect(bot.asked()).toBe(1));
    expect((await stopOf(service)).code).toBe(0);
    expect(
      await query(database.url, "SELECT lease_owner, inbound_seq > answered_seq AS waits FROM sessions"),
    ).toEqual([{ lease_owner: null, waits: true }]);
  });

  it("although the platform never answers, and marks the send as a possible duplicate", async () => {
    await using database = await createTestDatabase();
    await using fake = await startFakeTelegram();
    fake.fail({ hang: true });
    await using directory = await serviceDirectory(telegramConfig(fake));
    await using service = await start(directory, { DATABASE_URL: database.url });
    for (const text of ["first", "second"]) expect(await post(service.url, message(1, text))).toBe(200);
    await sendUnderWay(fake);
    expect((await stopOf(service)).code).toBe(0);
    expect(await query(database.url, "SELECT status, claimed_by FROM deliveries ORDER BY ordinal")).toEqual([
      { status: "unknown", claimed_by: null },
      { status: "queued", claimed_by: null },
    ]);
  });

  it("or at once with code 1 after a second request to stop", async () => {
    await using database = await createTestDatabase();
    await using fake = await startFakeTelegram();
    await using bot = await startSilentBot();
    await using directory = await serviceDirectory(telegramConfig(fake, { bot: bot.config }));
    const more = { DATABASE_URL: database.url, CAUSEWAY_STOP_SECONDS: "600" };
    await using service = await start(directory, more);
    expect(await post(service.url, message(1, "hello"))).toBe(200);
    await patiently(() => expect(bot.asked()).toBe(1));
    service.signal("SIGTERM");
    await patiently(() => expect(service.output()).toContain("signal received"));
    // A signal directly after the first one counts as the same signal, passed on. So this repeats it until it counts.
    const again = setInterval(() => service.signal("SIGTERM"), 100);
    const code = await service.ended;
    clearInterval(again);
    expect([code, STOPPED.test(service.output())]).toEqual([1, false]);
    expect(service.output()).toContain("second signal received");
  });
});

async function sendUnderWay(fake: FakeTelegram): Promise<void> {
  await patiently(() => expect(fake.calls.some(({ method }) => method === "sendMessage")).toBe(true));
}
