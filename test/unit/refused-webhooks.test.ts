import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ChannelRef } from "../../src/core/session/runtime.ts";
import { createRefusalReport, refusalText } from "../../src/http/webhooks/refused-webhooks.ts";

const channel = (id: string): ChannelRef => ({
  id,
  workspaceId: "w",
  name: id,
  kind: "telegram",
  agentId: "a",
  agentVersion: 1,
  sessions: "single",
  resetCommand: true,
  speaks: false,
  typingRefreshMs: null,
});
const forged = { code: "invalid_signature", message: "the signature is not ours" };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const told: [string, string, number][] = [];
  const report = createRefusalReport({
    report: ({ channel: { id }, code, count }) => void told.push([id, code, count]),
  });
  return { told, report };
}

test("the first refusal is reported at once, later ones once a minute with their count", () => {
  const { told, report } = open();
  for (let n = 0; n < 30; n++) report.note(channel("one"), forged);
  expect(told).toEqual([["one", "invalid_signature", 1]]);
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([
    ["one", "invalid_signature", 1],
    ["one", "invalid_signature", 29],
  ]);
});

test("channels and reasons are reported separately, and a reason that stopped starts again", () => {
  const { told, report } = open();
  report.note(channel("one"), forged);
  report.note(channel("two"), forged);
  report.note(channel("one"), { code: "malformed_json", message: "the body is not JSON" });
  expect(told).toHaveLength(3);
  vi.advanceTimersByTime(60_000);
  report.note(channel("one"), forged);
  expect(told).toHaveLength(4);
});

test("remaining counts are reported at the stop", () => {
  const { told, report } = open();
  for (let n = 0; n < 3; n++) report.note(channel("one"), forged);
  report.stop();
  expect(told.at(-1)).toEqual(["one", "invalid_signature", 2]);
  vi.advanceTimersByTime(120_000);
  expect(told).toHaveLength(2);
});

test("the sentence has the right number", () => {
  expect(refusalText({ ...forged, count: 1 })).toBe(
    "a webhook request was refused (invalid_signature): the signature is not ours",
  );
  expect(refusalText({ ...forged, count: 29 })).toMatch(/^29 webhook requests were refused/);
});
