import { afterEach, describe, expect, it, vi } from "vitest";
import { createChannelPauses } from "../../src/delivery/channel-pauses.ts";
import { eventually } from "../support/eventually.ts";

const HOUR_MS = 3_600_000;

afterEach(() => void vi.useRealTimers());

describe("a pause of a channel", () => {
  it("lasts as long as the platform asks, although the machine's clock is set back", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const pauses = createChannelPauses({
      repository: { pauseChannel: async () => undefined, pauseConversation: async () => false },
      pauseQueue: async () => undefined,
      onChannelError: () => undefined,
      patiently: (task) => task(),
    });
    const now = new Date();
    vi.setSystemTime(now.getTime() + HOUR_MS);
    pauses.pauseHere("telegram", {
      kind: "retry",
      scope: "connection",
      code: "telegram_429",
      reason: "Too Many Requests",
      afterMs: 200,
    });
    expect(pauses.isPaused("telegram")).toBe(true);
    expect(pauses.isPaused("slack")).toBe(false);
    vi.useRealTimers();
    await eventually(() => expect(pauses.isPaused("telegram")).toBe(false), { timeoutMs: 5_000 });
  });
});
