import { expect, test } from "vitest";
import { createPacedWriter } from "../../src/core/message/paced-writer.ts";
import { eventually } from "../support/eventually.ts";

function gated(options: { repeatMs?: number; until?: number } = {}) {
  const written: string[] = [];
  const waiting: (() => void)[] = [];
  const { until = Number.POSITIVE_INFINITY, ...rest } = options;
  const writer = createPacedWriter<string>({
    everyMs: 5,
    ...rest,
    async write(value) {
      written.push(value);
      await new Promise<void>((resolve) => waiting.push(resolve));
      return written.length < until;
    },
  });
  return { writer, written, letGo: () => waiting.shift()?.() };
}

test("the first value is written at once, and during a write only the newest one waits", async () => {
  const { writer, written, letGo } = gated();
  for (const value of ["a", "ab", "abc"]) writer.put(value);
  expect(written).toEqual(["a"]);
  letGo();
  await eventually(() => expect(written).toEqual(["a", "abc"]));
  letGo();
  const closed = writer.close();
  writer.put("abcd");
  await closed;
  expect(written).toEqual(["a", "abc"]);
});

test("closing waits for the current write and drops waiting ones", async () => {
  const { writer, written, letGo } = gated();
  writer.put("a");
  writer.put("ab");
  let closed = false;
  const closing = writer.close().then(() => {
    closed = true;
  });
  await Promise.resolve();
  expect(closed).toBe(false);
  letGo();
  await closing;
  expect(written).toEqual(["a"]);
});

test("a value is written again to keep it alive, but never after the final write", async () => {
  const { writer, written, letGo } = gated({ repeatMs: 10, until: 3 });
  writer.put("a");
  letGo();
  await eventually(() => expect(written).toEqual(["a", "a"]));
  letGo();
  await eventually(() => expect(written).toEqual(["a", "a", "a"]));
  letGo();
  writer.put("b");
  await writer.close();
  expect(written).toEqual(["a", "a", "a"]);
});
