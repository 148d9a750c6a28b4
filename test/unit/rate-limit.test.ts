import { expect, test } from "vitest";
import { createRateLimit, perMinute } from "../../src/http/server/rate-limit.ts";

test("a rate allows a burst, then one per interval, and says how long to wait", () => {
  let now = 0;
  const limit = createRateLimit(perMinute(60), () => now);
  expect(Array.from({ length: 6 }, () => limit.take("ada"))).toEqual([0, 0, 0, 0, 0, 1000]);
  expect(limit.take("grace")).toBe(0);
  now = 400;
  expect(limit.take("ada")).toBe(600);
  now = 1000;
  expect(limit.take("ada")).toBe(0);
  expect(limit.take("ada")).toBe(1000);
});

test("too many names make it forget the names that were idle longest", () => {
  const limit = createRateLimit({ perMinute: 1, burst: 1 }, () => 0);
  expect([limit.take("quiet"), limit.take("busy")]).toEqual([0, 0]);
  for (let n = 0; n < 100_000; n += 1) {
    limit.take(`flood-${n}`);
    if (n % 1000 === 0) limit.take("busy");
  }
  expect(limit.take("busy")).toBeGreaterThan(0);
  expect(limit.take("quiet")).toBe(0);
});

test("a clock that is set back by an hour causes no hour of refusals", () => {
  let now = 3_600_000;
  const limit = createRateLimit(perMinute(60), () => now);
  expect(limit.take("ada")).toBe(0);
  now = 0;
  expect(limit.take("ada")).toBe(0);
  while (limit.take("ada") === 0);
  expect(limit.take("ada")).toBeLessThanOrEqual(1_000);
});
