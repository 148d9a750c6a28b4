import { describe, expect, it } from "vitest";
import { startFakeTelegram } from "../support/fake-telegram.ts";
import {
  markedDouble,
  message,
  patiently,
  post,
  query,
  receivedIn,
  repeated,
  telegramConfig,
} from "./conversations.ts";
import { PATIENT_SENDS, type SharedEngine, sharedEngine } from "./shared-engine.ts";

const SLOW = {
  type: "script",
  replies: [
    { match: "slow", say: "slow answer", delayMs: 3_000 },
    { match: "next", say: "next answer" },
  ],
};

describe("processes that share one engine", { timeout: 300_000 }, () => {
  it("finish the turn of a killed worker, in order", async () => {
    await using fake = await startFakeTelegram();
    await using engine = await sharedEngine({ config: telegramConfig(fake, { bot: SLOW }) });
    const web = await engine.start("web");
    const first = await engine.start("worker");
    expect(await post(web.url, message(7, "slow"))).toBe(200);
    expect(await post(web.url, message(7, "next"))).toBe(200);
    await turnRuns(engine);
    await first.kill();
    await engine.start("worker");
    await patiently(() => expect(receivedIn(fake, 7)).toEqual(["slow answer", "next answer"]));
    expect(await executions(engine)).toEqual([
      { status: "completed", attempts: 2 },
      { status: "completed", attempts: 1 },
    ]);
  });

  it("let a frozen worker write nothing after it lost its lease", async () => {
    await using fake = await startFakeTelegram();
    await using engine = await sharedEngine({ config: telegramConfig(fake, { bot: SLOW }) });
    const web = await engine.start("web");
    const frozen = await engine.start("worker");
    expect(await post(web.url, message(7, "slow"))).toBe(200);
    await turnRuns(engine);
    frozen.signal("SIGSTOP");
    await engine.start("worker");
    await patiently(() => expect(receivedIn(fake, 7)).toEqual(["slow answer"]));
    frozen.signal("SIGCONT");
    await patiently(() => expect(frozen.output()).toMatch(/the lease was lost|"reason":"lease_lost"/));
    // The process works again. It does this new work after anything it might have done with the old turn.
    expect(await post(web.url, message(8, "next"))).toBe(200);
    await patiently(() => expect(receivedIn(fake, 8)).toEqual(["next answer"]));
    expect(receivedIn(fake, 7)).toEqual(["slow answer"]);
    expect(
      await query(
        engine.databaseUrl,
        "SELECT content FROM messages WHERE role = 'assistant' ORDER BY created_at",
      ),
    ).toEqual([{ content: "slow answer" }, { content: "next answer" }]);
  });

  it("repeat the last send of a killed process, and mark it as a possible duplicate", async () => {
    await using fake = await startFakeTelegram();
    await using engine = await sharedEngine({ config: telegramConfig(fake) });
    const first = await engine.start("all");
    fake.fail({ hang: true });
    expect(await post(first.url, message(7, "one"))).toBe(200);
    expect(await post(first.url, message(7, "two"))).toBe(200);
    await patiently(() => expect(receivedIn(fake, 7)).toEqual(["You said: one"]));
    await first.kill();
    const second = await engine.start("all");
    expect(await post(second.url, message(7, "three"))).toBe(200);
    const answers = ["one", "one", "two", "three"].map((text) => `You said: ${text}`);
    await patiently(() => expect(receivedIn(fake, 7)).toEqual(answers));
    expect(await markedDouble(engine.databaseUrl)).toContain("You said: one");
    expect(await markedDouble(engine.databaseUrl)).not.toContain("You said: three");
  });

  it("elect one of them to poll Telegram, and another when that one is killed", async () => {
    await using fake = await startFakeTelegram();
    const channel = { mode: "polling" };
    await using engine = await sharedEngine({
      config: telegramConfig(fake, { channel }),
      times: PATIENT_SENDS,
    });
    const polls = () => fake.calls.filter(({ method }) => method === "getUpdates").length;
    const first = await engine.start("all");
    await patiently(() => expect(polls()).toBeGreaterThan(0));
    const second = await engine.start("all");
    fake.push(message(7, "one"));
    await patiently(() => expect(receivedIn(fake, 7)).toEqual(["You said: one"]));
    await patiently(() => expect(fake.pending()).toBe(0));
    expect(await markedDouble(engine.databaseUrl)).toEqual([]);
    expect(second.output()).not.toContain("telegram polling interrupted");

    await first.kill();
    const before = polls();
    fake.push(message(7, "two"));
    await patiently(() => expect(receivedIn(fake, 7)).toEqual(["You said: one", "You said: two"]));
    expect(polls()).toBeGreaterThan(before);
    expect(repeated(fake)).toEqual([]);
  });
});

async function turnRuns(engine: SharedEngine): Promise<void> {
  await patiently(async () => expect((await executions(engine))[0]?.status).toBe("running"));
}

async function executions(engine: SharedEngine) {
  return await query(engine.databaseUrl, "SELECT status, attempts FROM executions ORDER BY seq");
}
