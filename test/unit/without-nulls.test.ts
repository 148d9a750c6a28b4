import { describe, expect, it } from "vitest";
import { z } from "zod";
import { withoutNulls } from "../../src/http/bodies/without-nulls.ts";

const body = z
  .strictObject({
    name: z.string(),
    note: z.string().optional(),
    count: z.int().default(1),
    title: z.string().nullish(),
    data: z.record(z.string(), z.json()).default({}),
    filter: z.strictObject({ channel: z.string().exactOptional() }).optional(),
    items: z.array(z.strictObject({ text: z.string().optional() }).refine(() => true)).optional(),
  })
  .refine(() => true);
const frame = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("message"), key: z.string().optional() }),
  z.strictObject({ type: z.literal("ping") }),
]);

describe("null in a body", () => {
  it("counts as a missing field where a field may be missing, at any depth", () => {
    const given = {
      name: "a",
      note: null,
      count: null,
      filter: { channel: null },
      items: [{ text: null }, { text: "b" }],
    };
    expect(body.parse(withoutNulls(body, given))).toEqual({
      name: "a",
      count: 1,
      data: {},
      filter: {},
      items: [{}, { text: "b" }],
    });
    expect(withoutNulls(frame, { type: "message", key: null })).toEqual({ type: "message" });
  });

  it.each([
    ["stays where it has a meaning", { name: "a", title: null }],
    ["stays in the caller's own data", { name: "a", data: { a: null, b: [null] } }],
    ["is refused in a required field", { name: null }],
    ["is refused in an unknown field", { name: "a", other: null }],
    ["is refused in a list", { name: "a", items: [null] }],
    ["is refused in place of a list", { name: "a", items: { 0: null } }],
    ["is refused as the body", null],
  ])("%s", (_, given) => {
    expect(withoutNulls(body, given)).toEqual(given);
  });
});
