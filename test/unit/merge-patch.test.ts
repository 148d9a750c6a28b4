import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../src/core/text/json.ts";
import { mergePatch, mergePatchBetween } from "../../src/core/text/merge-patch.ts";

const examplesOfRfc7396: [target: Json, patch: Json, result: Json][] = [
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [
    ["a", "b"],
    ["c", "d"],
    ["c", "d"],
  ],
  [{ a: "b" }, ["c"], ["c"]],
  [{ a: "foo" }, null, null],
  [{ a: "foo" }, "bar", "bar"],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

describe("merge patch", () => {
  it.each(examplesOfRfc7396)("merges %j with %j as RFC 7396 says", (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result);
  });

  it("keeps a key named __proto__ as data and leaves prototypes unchanged", () => {
    const patch: Json = JSON.parse(
      '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"bad": 1}}}',
    );
    const merged = mergePatch({}, patch);
    expect(JSON.stringify(merged)).toBe(JSON.stringify(patch));
    expect(Reflect.get({}, "polluted")).toBeUndefined();
    expect(Reflect.get({}, "bad")).toBeUndefined();
  });

  it("changes neither argument, and has the same result when applied twice", () => {
    const json = fc.jsonValue() as fc.Arbitrary<Json>;
    fc.assert(
      fc.property(json, json, (target, patch) => {
        const before = JSON.stringify([target, patch]);
        const once = mergePatch(target, patch);
        expect(JSON.stringify([target, patch])).toBe(before);
        expect(JSON.stringify(mergePatch(once, patch))).toBe(JSON.stringify(once));
      }),
    );
  });
});

describe("the patch between two objects", () => {
  it("has only the differences, and null for removed keys", () => {
    const from = { same: 1, changed: "a", gone: true, deep: { same: [1], gone: 1 } };
    const to = { same: 1, changed: "b", new: {}, deep: { same: [1], new: 2 } };
    expect(mergePatchBetween(from, to)).toEqual({
      gone: null,
      changed: "b",
      new: {},
      deep: { gone: null, new: 2 },
    });
  });

  it("converts any object into any other without nulls", () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<JsonObject>;
    fc.assert(
      fc.property(object, object, (from, drawn) => {
        // A merge patch cannot store null, so the patched object contains only values that can be stored.
        const to = mergePatch({}, drawn);
        expect(sorted(mergePatch(from, mergePatchBetween(from, to)))).toBe(sorted(to));
        expect(mergePatchBetween(to, to)).toEqual({});
      }),
    );
  });
});

function sorted(value: Json): string {
  return JSON.stringify(value, (_, node: Json) =>
    typeof node === "object" && node !== null && !Array.isArray(node)
      ? Object.fromEntries(Object.entries(node).sort(([a], [b]) => (a < b ? -1 : 1)))
      : node,
  );
}
