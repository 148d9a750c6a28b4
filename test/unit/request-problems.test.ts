import { expect, test } from "vitest";
import { z } from "zod";
import { requestProblems } from "../../src/core/faults/request-problems.ts";

const schema = z.strictObject({
  expires_in: z.union([z.string().regex(/^\d+[mhd]$/, "expected a time such as 30m"), z.int().min(1)]),
  rows: z.array(z.union([z.string(), z.strictObject({ id: z.string() })])),
});

function problems(value: unknown): string[] {
  const { error } = schema.safeParse(value);
  return requestProblems(error?.issues ?? []).map(({ path, problem }) => `${path}: ${problem}`);
}

test("a value that may have several forms is told what is wrong with the form that was meant", () => {
  expect(problems({ expires_in: "junk", rows: [] })).toEqual(["expires_in: expected a time such as 30m"]);
  expect(problems({ expires_in: 0, rows: [] })).toEqual(["expires_in: must be at least 1"]);
  expect(problems({ expires_in: "1h", rows: [{ id: 5, more: 1 }] })).toEqual([
    "rows[0].id: expected string, received number",
    "rows[0].more: is not known here",
  ]);
});

test("a value of another type is told every type that is possible", () => {
  expect(problems({ expires_in: true, rows: [null] })).toEqual([
    "expires_in: expected string or number",
    "rows[0]: expected string or object",
  ]);
});
