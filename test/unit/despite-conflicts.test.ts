import { describe, expect, it } from "vitest";
import { despiteConflicts } from "../../src/storage/despite-conflicts.ts";

function failing(code: string, times: number) {
  let runs = 0;
  return {
    runs: () => runs,
    async run() {
      runs += 1;
      if (runs <= times) throw Object.assign(new Error(`failed with ${code}`), { code });
      return "done";
    },
  };
}

describe("a transaction", () => {
  it.each(["40001", "40P01"])("that lost a conflict (%s) runs again", async (code) => {
    const work = failing(code, 3);
    expect(await despiteConflicts(work.run)).toBe("done");
    expect(work.runs()).toBe(4);
  });

  it("that conflicts every time fails with the conflict", async () => {
    const work = failing("40P01", 1_000);
    await expect(despiteConflicts(work.run)).rejects.toThrow("failed with 40P01");
    expect(work.runs()).toBe(8);
  });

  it.each(["23505", "57P01", "08006"])("that fails in another way (%s) does not run again", async (code) => {
    const work = failing(code, 1);
    await expect(despiteConflicts(work.run)).rejects.toThrow(`failed with ${code}`);
    expect(work.runs()).toBe(1);
  });
});
