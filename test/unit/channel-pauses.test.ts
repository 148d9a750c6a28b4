import { afterEach, describe, expect, it, vi } from "vitest";
import type { SendResult } from "../../src/core/message/outbound.ts";
import { createChannelPauses } from "../../src/delivery/channel-pauses.ts";
import { withUsablePause } from "../../src/delivery/retry-decision.ts";
import { eventually } from "../support/eventually.ts";

const HOUR_MS = 3_600_000;

afterEach(() => void vi.useRealTimers());

it.each([
  [1_000.5, 1_001],
  [0.1, 1],
  [-5, 0],
  [40 * 24 * HOUR_MS, 24 * HOUR_MS],
  [Number.POSITIVE_INFINITY, 24 * HOUR_MS],
  [Number.NaN, undefined],
])("a pause of %d milliseconds from a platform is limited to a storable one", (afterMs, kept) => {
  const limit = { kind: "retry", scope: "connection", code: "limit", reason: "slow down" } as const;
  expect(withUsablePause({ ...limit, afterMs }).afterMs).toBe(kept);
  expect(withUsablePause<SendResult>(limit)).toEqual(limit);
});

describe("a pause of a channel", () => {
  it("lasts as long as the platform asks, even if the machine's clock is set back", async () => {
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
