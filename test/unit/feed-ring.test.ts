import { describe, expect, it } from "vitest";
import { createFeedRing } from "../../src/feed/feed-ring.ts";
import { createRecentStamps } from "../../src/feed/recent-stamps.ts";
import { feedSource } from "../../src/http/api/feed/feed-source.ts";

describe("the newest events of a feed", () => {
  it("are returned after an id, as long as none of them is dropped", () => {
    const ring = createFeedRing(1_000, 3);
    expect(ring.after(1_000)).toEqual([]);
    for (let n = 1; n <= 7; n++) ring.push("message", { n });
    expect(ring.last()).toBe(1_007);
    expect(ring.after(1_005)?.map(({ id, data }) => [id, data])).toEqual([
      [1_006, { n: 6 }],
      [1_007, { n: 7 }],
    ]);
    expect(ring.after(1_004)).toHaveLength(3);
    expect(ring.after(1_000)).toBe(null);
  });

  it("are not found by an id of another ring", () => {
    const ring = createFeedRing(1_000, 3);
    ring.push("message", {});
    expect(ring.after(999)).toBe(null);
    expect(ring.after(1_002)).toBe(null);
  });
});

it("report a state once, and the oldest resources are dropped first", () => {
  const stamps = createRecentStamps(2);
  expect(stamps.isNews("a", { n: 1 })).toBe(true);
  expect(stamps.isNews("a", { n: 1 })).toBe(false);
  expect(stamps.isNews("a", { n: 2 })).toBe(true);
  for (const key of ["b", "c"]) stamps.isNews(key, {});
  expect(stamps.isNews("a", { n: 2 })).toBe(true);
});

it("a reader who is too slow gets one reset, and then the current events", async () => {
  const ring = createFeedRing(0, 10);
  const feed = { ring, ready: Promise.resolve(), subscribe: () => () => {}, stop() {} };
  const feeds = { open: () => ({ feed, leave() {} }), isStopped: () => false, stop() {} };
  const wanted = {
    workspaceId: "w",
    afterId: null,
    events: new Set(["message"]),
    shown: (data: object) => data,
  };
  const source = feedSource(feeds, wanted, () => undefined);
  expect(await source.read()).toEqual([{ id: 0, event: "ready", data: "{}" }]);
  for (let n = 1; n <= 100; n++) ring.push("message", { n });
  expect(await source.read()).toMatchObject([{ id: 100, event: "reset", data: '{"reason":"too_old"}' }]);
  ring.push("handoff", {});
  ring.push("message", { n: 101 });
  expect(await source.read()).toMatchObject([{ id: 102, event: "message" }]);
  expect(await source.read()).toEqual([]);
});
