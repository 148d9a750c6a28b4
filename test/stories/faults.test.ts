import { describe, expect, it } from "vitest";
import { type FakeTelegram, startFakeTelegram } from "../support/fake-telegram.ts";
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

describe("under load, the service", { timeout: 300_000 }, () => {
  const size = { chats: 20, each: 10 };
  const answered = (fake: FakeTelegram, count: number) =>
    patiently(() => expect(fake.sent.length).toBeGreaterThanOrEqual(count));

  it.runIf(onRedis)(
    "answers everything although Redis is emptied, then killed and replaced by an empty one",
    async () => {
      await using fake = await startFakeTelegram();
      fake.delay(10);
      await using engine = await sharedEngine({ config: telegramConfig(fake), times: PATIENT_SENDS });
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
      // No sending process died, so nothing has a reason to arrive twice.
      expect(repeated(fake)).toEqual([]);
      expect(await markedDouble(engine.databaseUrl)).toEqual([]);
    },
    120_000,
  );

  it("answers everything although its database connections are cut again and again", async () => {
    await using fake = await startFakeTelegram();
    fake.delay(10);
    await using engine = await sharedEngine({ config: telegramConfig(fake), times: PATIENT_SENDS });
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
});
