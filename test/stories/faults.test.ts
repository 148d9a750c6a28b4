import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { startEmbeddedPostgres } from "../../src/storage/embedded-postgres.ts";
import { type FakeTelegram, startFakeTelegram } from "../support/fake-telegram.ts";
import { type Build, buildService } from "../support/process.ts";
import { quietLog } from "../support/quiet-log.ts";
import {
  expectAnswers,
  markedDouble,
  patiently,
  query,
  repeated,
  talk,
  telegramConfig,
} from "./conversations.ts";
import { onRedis, PATIENT_SENDS, sharedEngine } from "./shared-engine.ts";

describe("under load, the service", { timeout: 120_000 }, () => {
  let build: Build;
  beforeAll(async () => {
    build = await buildService();
  });
  afterAll(() => build[Symbol.dispose]());

  const size = { chats: 20, each: 10 };
  const answered = (fake: FakeTelegram, count: number) =>
    patiently(() => expect(fake.sent.length).toBeGreaterThanOrEqual(count));

  it.runIf(onRedis)(
    "answers everything although Redis is wiped, and then killed and empty",
    async () => {
      await using fake = await startFakeTelegram();
      fake.delay(10);
      await using engine = await sharedEngine({ build, config: telegramConfig(fake), times: PATIENT_SENDS });
      const web = await engine.start("web");
      await engine.start("worker");
      const talking = talk(size, () => [web.url]);
      await answered(fake, 20);
      await engine.wipeRedis();
      await answered(fake, 60);
      await engine.wipeRedis();
      await answered(fake, 100);
      await engine.replaceRedis();
      await talking;
      await expectAnswers(fake, size);
      // No sender died: nothing has a reason to arrive twice.
      expect(repeated(fake)).toEqual([]);
      expect(await markedDouble(engine.databaseUrl)).toEqual([]);
    },
    120_000,
  );

  it("answers everything although its database connections are cut again and again", async () => {
    await using fake = await startFakeTelegram();
    fake.delay(10);
    await using engine = await sharedEngine({ build, config: telegramConfig(fake), times: PATIENT_SENDS });
    const web = await engine.start("web");
    await engine.start("worker");
    const talking = talk(size, () => [web.url]);
    for (const moment of [1, 50, 100]) {
      await answered(fake, moment);
      await query(
        engine.databaseUrl,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
    }
    await talking;
    await expectAnswers(fake, size);
    expect([await markedDouble(engine.databaseUrl), repeated(fake)]).toEqual([[], []]);
  });

  it("answers everything although Postgres is killed and started again", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "causeway-faults-"));
    await chmod(dataDir, 0o711);
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    // Starts again by itself when it is killed. Durable: a commit that was acknowledged has to survive.
    const postgres = await startEmbeddedPostgres({ dataDir, log: quietLog() });
    onTestFinished(() => postgres.stop());
    await using fake = await startFakeTelegram();
    fake.delay(10);
    const databaseUrl = postgres.url;
    await using engine = await sharedEngine({ build, config: telegramConfig(fake), databaseUrl });
    const web = await engine.start("all");
    await engine.start("worker");
    const talking = talk(size, () => [web.url]);
    for (const moment of [30, 100]) {
      await answered(fake, moment);
      const pid = await readFile(join(dataDir, "postgres", "postmaster.pid"), "utf8");
      process.kill(Number.parseInt(pid, 10), "SIGKILL");
      await patiently(() => query(databaseUrl, "SELECT 1"));
    }
    await talking;
    await expectAnswers(fake, size);
    expect(await markedDouble(databaseUrl)).toEqual(expect.arrayContaining(repeated(fake)));
    expect(await (await fetch(`${web.url}/readyz`)).json()).toMatchObject({ status: "ready" });
  });
});
