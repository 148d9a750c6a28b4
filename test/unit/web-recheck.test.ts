import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createRecheck } from "../../src/http/web/recheck.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("streams whose visitor's sessions changed without a notice are told to look, with few questions for all", async () => {
  const stamps = new Map(Array.from({ length: 200 }, (_, n) => [`v${n}`, "1"]));
  const asked: string[][] = [];
  const recheck = createRecheck(async (ids) => {
    asked.push([...ids]);
    return stamps;
  });
  const looks: string[] = [];
  const leave = [...stamps.keys()].map((id) => recheck(id, () => looks.push(id)));
  const second = recheck("v7", () => looks.push("v7 again"));

  // What came before the first question is not known: everybody looks once.
  await vi.advanceTimersByTimeAsync(5_000);
  expect(looks).toHaveLength(201);
  expect(asked).toHaveLength(20);
  expect(new Set(asked.flat()).size).toBe(200);

  looks.length = 0;
  stamps.set("v7", "2");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(looks).toEqual(["v7", "v7 again"]);

  looks.length = 0;
  leave[7]?.();
  stamps.delete("v7");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(looks).toEqual(["v7 again"]);

  for (const end of [...leave, second]) end();
  asked.length = 0;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toEqual([]);
});

test("a database that is away is asked again", async () => {
  let isAway = true;
  const recheck = createRecheck(async () => {
    if (isAway) throw new Error("no connection");
    return new Map([["v", "1"]]);
  });
  let looks = 0;
  const leave = recheck("v", () => {
    looks += 1;
  });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(looks).toBe(0);
  isAway = false;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(looks).toBe(1);
  leave();
});
