import { expect, test } from "vitest";
import { retryAfterMs } from "../../src/core/time/retry-after.ts";

const now = new Date("2026-11-30T12:00:00Z");

test.each<[value: string | undefined, wait: number | null]>([
  ["12", 12_000],
  [" 1.5 ", 1_500],
  ["-5", 0],
  // Two servers on the way each added the header.
  ["12, 30", 30_000],
  ["60, 60", 60_000],
  ["Mon, 30 Nov 2026 12:00:30 GMT", 30_000],
  ["Monday, 30-Nov-26 12:00:30 GMT", 30_000],
  // The oldest form has no zone, and means UTC on every machine.
  ["Mon Nov 30 12:00:30 2026", 30_000],
  ["2026-11-30T13:00:30+01:00", 30_000],
  ["Mon, 30 Nov 2026 11:00:00 GMT", 0],
  // Some servers send the point in time, in seconds since 1970.
  [String(now.getTime() / 1000 + 40), 40_000],
  ["Infinity", null],
  ["0x10", null],
  ["30 seconds", null],
  ["soon", null],
  ["", null],
  [undefined, null],
])("a server that asks to wait with %j is asked again after %j ms", (value, wait) => {
  expect(retryAfterMs(value, now)).toBe(wait);
});
