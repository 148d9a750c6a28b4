import { expect, test } from "vitest";
import { createIntake } from "../../src/http/api/socket/socket-intake.ts";
import { eventually } from "../support/eventually.ts";

const UNHURRIED = { perMinute: 60_000_000, burst: 1_000_000 };
const UNLIMITED = { count: 1_000, bytes: 1_000_000 };

/** An intake, the frames that it began to handle, and the calls to its socket. */
function start(options: { rate?: typeof UNHURRIED; most?: typeof UNLIMITED; now?: () => number } = {}) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const told: string[] = [];
  const intake = createIntake(
    { pause: () => told.push("pause"), resume: () => told.push("resume") },
    ({ bytes }) => {
      const text = bytes.toString();
      begun.push(text);
      // A text in capitals stays in progress until the test ends it.
      return text.toUpperCase() === text ? new Promise((resolve) => ends.set(text, resolve)) : null;
    },
    { rate: UNHURRIED, most: UNLIMITED, ...options },
  );
  const take = (...texts: string[]) => {
    for (const text of texts) intake.take({ bytes: Buffer.from(text), isBinary: false });
  };
  return { intake, begun, told, take, end: (text: string) => ends.get(text)?.() };
}

test("stops reading at the limit of frames in progress, and then continues in order", async () => {
  const { intake, begun, told, take, end } = start({ most: { count: 2, bytes: 1_000 } });
  take("A", "B", "C", "d", "E");
  expect([begun, told, intake.isHeld()]).toEqual([["A", "B"], ["pause"], true]);
  end("B");
  await eventually(() => expect(begun).toEqual(["A", "B", "C"]));
  end("A");
  await eventually(() => expect(begun).toEqual(["A", "B", "C", "d", "E"]));
  expect([told, intake.isHeld()]).toEqual([["pause", "resume"], false]);
});

test("stops reading at the limit of bytes in progress", async () => {
  const { begun, take, end } = start({ most: { count: 100, bytes: 10 } });
  take("A".repeat(10), "B");
  expect(begun).toEqual(["A".repeat(10)]);
  end("A".repeat(10));
  await eventually(() => expect(begun).toHaveLength(2));
});

test("limits the rate of all frames, and drops none", async () => {
  let now = 0;
  const { begun, told, take } = start({ rate: { perMinute: 6_000, burst: 3 }, now: () => now });
  take("a", "b", "c", "d", "e");
  expect([begun, told]).toEqual([["a", "b", "c"], ["pause"]]);
  now += 20;
  await eventually(() => expect(begun).toEqual(["a", "b", "c", "d", "e"]));
  expect(told).toEqual(["pause", "resume"]);
});

test("starts nothing new after its socket is closed", async () => {
  const { begun, take, intake, end } = start({ most: { count: 1, bytes: 1_000 } });
  take("A", "b");
  intake.close();
  end("A");
  await eventually(() => expect(begun).toEqual(["A"]));
});
