import { expect, test } from "vitest";
import { createAdmissionLimit } from "../../src/core/process/admission-limit.ts";
import { createSlowPeerLimit } from "../../src/core/time/slow-peer-limit.ts";
import { createBodyRoom, type GiveUp } from "../../src/http/bodies/body-room.ts";
import { eventually } from "../support/eventually.ts";

const UNLIMITED = Number.MAX_SAFE_INTEGER;

/** Takes places one by one until the sender gets no more. */
function takeAll(
  limit: ReturnType<typeof createAdmissionLimit>,
  sender: string,
  bytes: number,
): (() => void)[] {
  const held = [];
  for (let leave = limit.take(sender, bytes); leave !== null; leave = limit.take(sender, bytes))
    held.push(leave);
  return held;
}

test("one sender gets half of the limit, the next one half of the rest, and some always remains", () => {
  const limit = createAdmissionLimit({ count: UNLIMITED, bytes: 1_000 });
  const got = ["a", "b", "c", "d", "e", "f"].map((sender) => takeAll(limit, sender, 1).length);
  expect(got).toEqual([500, 250, 125, 62, 31, 16]);
  expect(limit.take("g", 8)).not.toBeNull();
});

test("a limit counts items as it counts bytes, and counts each release once", () => {
  const limit = createAdmissionLimit({ count: 8, bytes: UNLIMITED });
  const held = takeAll(limit, "a", 1_000);
  expect(held).toHaveLength(4);
  held[0]?.();
  held[0]?.();
  expect(takeAll(limit, "a", 1)).toHaveLength(1);
  for (const leave of held) leave();
  expect(takeAll(limit, "b", 1)).toHaveLength(3);
});

test("a peer exceeds the limit after a time of silence, however fast it was before", () => {
  let now = 0;
  const patience = createSlowPeerLimit({ bytesPerSecond: 1_000, silentMs: 10_000 }, () => now);
  patience.progress(1_000_000);
  now = 9_999;
  expect(patience.isOver()).toBe(false);
  now = 10_000;
  expect(patience.isOver()).toBe(true);
});

test("a peer exceeds the limit if it is slower than the required rate", () => {
  let now = 0;
  const patience = createSlowPeerLimit({ bytesPerSecond: 1_000, silentMs: 10_000 }, () => now);
  const steps = (bytes: number) => {
    for (let step = 1; step <= 100; step++) {
      now += 1_000;
      patience.progress(bytes);
      if (patience.isOver()) return step;
    }
    return null;
  };
  expect(steps(1_000)).toBeNull();
  expect(steps(500)).toBeLessThan(25);
});

/** Begins a body and sends a part of it. Returns its place and the reasons why it was given up. */
function send(room: ReturnType<typeof createBodyRoom>, sender: string, bytes: number) {
  const gaveUp: GiveUp[] = [];
  const place = room.begin(sender, (why) => gaveUp.push(why));
  return { place, gaveUp, fits: place.grow(bytes) };
}

test("an active body takes the space of its own sender's body that has been silent longest", () => {
  const room = createBodyRoom(1_000);
  const [first, second, other] = [send(room, "a", 200), send(room, "a", 200), send(room, "b", 200)];
  first.place.progress(1);
  const third = send(room, "a", 150);
  expect([third.fits, second.gaveUp, first.gaveUp, other.gaveUp]).toEqual([true, ["overloaded"], [], []]);
  // The last body is larger than the sender's whole share, so no other body is given up for it.
  expect([send(room, "b", 900).fits, first.gaveUp, third.gaveUp]).toEqual([false, [], []]);
});

test("a complete body frees its space only after its answer", () => {
  const room = createBodyRoom(1_000);
  const whole = send(room, "a", 400);
  whole.place.complete();
  expect([send(room, "a", 200).fits, whole.gaveUp]).toEqual([false, []]);
  whole.place.leave();
  expect(send(room, "a", 200).fits).toBe(true);
});

test("a body that was active a moment ago keeps its space if senders are known", () => {
  const room = createBodyRoom(1_000, { sparedMs: 60_000 });
  const first = send(room, "a", 400);
  expect([send(room, "a", 200).fits, first.gaveUp]).toEqual([false, []]);
});

test("a body that is too slow is dropped", async () => {
  const room = createBodyRoom(1_000, { pace: { bytesPerSecond: 1, silentMs: 50 }, pollMs: 10 });
  const slow = send(room, "a", 400);
  await eventually(() => expect(slow.gaveUp).toEqual(["too_slow"]));
  expect(send(room, "a", 500).fits).toBe(true);
});
