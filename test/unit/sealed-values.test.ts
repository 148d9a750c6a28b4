import { expect, test } from "vitest";
import { sealValues } from "../../src/channels/kit/sealed-values.ts";
import { createSeal } from "../../src/core/text/seal.ts";
import { memoryValues } from "../support/channel-values.ts";

const SECRET = { secret: "a-secret", purpose: "tests" };

async function listed(sealed: ReturnType<typeof sealValues>) {
  const all: [string, string | null][] = [];
  for await (const { key, text } of sealed.list("")) all.push([key, text]);
  return all;
}

test("sealed values open only with their secret, for their purpose and under their key", async () => {
  const values = memoryValues();
  const sealed = sealValues(values, SECRET);
  await sealed.write("a", "token of a");
  await sealed.write("b", "token of b");
  expect([...values.kept.values()].map(String).join()).not.toContain("token");
  expect(await sealed.read("a")).toBe("token of a");
  for (const other of [
    { ...SECRET, secret: "another" },
    { ...SECRET, purpose: "others" },
  ])
    expect(await listed(sealValues(values, other))).toEqual([
      ["a", null],
      ["b", null],
    ]);
  // Somebody who can write to the database cannot give one key the value of another.
  values.kept.set("b", values.kept.get("a") ?? Buffer.alloc(0));
  expect(await listed(sealed)).toEqual([
    ["a", "token of a"],
    ["b", null],
  ]);
});

test("a sealed value changes only from its old state, and an unreadable one stays unchanged", async () => {
  const values = memoryValues();
  const sealed = sealValues(values, SECRET);
  await sealed.write("a", "1");
  expect(await sealed.update("a", async (text) => `${text}2`)).toBe("12");
  expect(await sealed.read("a")).toBe("12");
  expect(await sealed.update("absent", async () => "x")).toBeNull();
  const before = values.kept.get("a");
  const other = sealValues(values, { ...SECRET, secret: "another" });
  expect(await other.update("a", async () => "x")).toBeNull();
  expect(values.kept.get("a")).toEqual(before);
});

test("a sealed value that was cut or changed does not open", () => {
  const { seal, open } = createSeal("a-secret", { purpose: "tests" });
  const value = seal("a text");
  expect(open(value)).toBe("a text");
  for (let at = 0; at < value.length; at++) {
    const changed = Buffer.from(value);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(open(changed)).toBeNull();
    expect(open(value.subarray(0, at))).toBeNull();
  }
});
