import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createVisitorPoll } from "../../src/http/web/visitor-poll.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("streams of a visitor whose sessions changed without a notice are told to poll, with few queries", async () => {
  const stamps = new Map(Array.from({ length: 200 }, (_, n) => [`v${n}`, "1"]));
  const asked: string[][] = [];
  const pollVisitor = createVisitorPoll(async (ids) => {
    asked.push([...ids]);
    return stamps;
  });
  const polls: string[] = [];
  const leave = [...stamps.keys()].map((id) => pollVisitor(id, () => polls.push(id)));
  const second = pollVisitor("v7", () => polls.push("v7 again"));

  // Changes before the first query are not known, so every listener checks once.
  await vi.advanceTimersByTimeAsync(5_000);
  expect(polls).toHaveLength(201);
  expect(asked).toHaveLength(20);
  expect(new Set(asked.flat()).size).toBe(200);

  polls.length = 0;
  stamps.set("v7", "2");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(polls).toEqual(["v7", "v7 again"]);

  polls.length = 0;
  leave[7]?.();
  stamps.delete("v7");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(polls).toEqual(["v7 again"]);

  for (const end of [...leave, second]) end();
  asked.length = 0;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toEqual([]);
});

test("an unavailable database is queried again", async () => {
  let isAway = true;
  const pollVisitor = createVisitorPoll(async () => {
    if (isAway) throw new Error("no connection");
    return new Map([["v", "1"]]);
  });
  let polls = 0;
  const leave = pollVisitor("v", () => {
    polls += 1;
  });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(polls).toBe(0);
  isAway = false;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(polls).toBe(1);
  leave();
});
