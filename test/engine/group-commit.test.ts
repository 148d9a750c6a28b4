import { describe, expect, it } from "vitest";
import { createGroupCommit } from "../../src/storage/group-commit.ts";
import { eventually } from "../support/eventually.ts";

/** A writer that stores its batches; the test decides when each ends. */
function gatedWriter() {
  const batches: string[][] = [];
  const gates: (() => void)[] = [];
  return {
    batches,
    gates,
    run: async (items: string[]) => {
      batches.push(items);
      await new Promise<void>((open) => gates.push(open));
      return items.map((item) => item.toUpperCase());
    },
  };
}

const databaseError = (code: string) => Object.assign(new Error(`database said ${code}`), { code });

describe("a group commit", () => {
  it("writes items that arrive during one commit together in the next, and returns each its own result", async () => {
    const writer = gatedWriter();
    const commit = createGroupCommit({ run: writer.run, maxBatch: 10, partitions: 1 });
    const first = commit("a");
    await eventually(() => expect(writer.batches).toEqual([["a"]]));
    const rest = ["b", "c", "d"].map((item) => commit(item));
    writer.gates[0]?.();
    await eventually(() => expect(writer.batches).toEqual([["a"], ["b", "c", "d"]]));
    writer.gates[1]?.();
    expect(await Promise.all([first, ...rest])).toEqual(["A", "B", "C", "D"]);
  });

  it("never writes more than the largest batch at once, and keeps the order of arrival", async () => {
    const batches: number[][] = [];
    const run = async (items: number[]) => {
      batches.push(items);
      return items;
    };
    const commit = createGroupCommit({ run, maxBatch: 3, partitions: 1 });
    await Promise.all([1, 2, 3, 4, 5, 6, 7].map((item) => commit(item)));
    expect(batches).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
  });

  it("keeps items of one key in order while another partition is stuck", async () => {
    const written: string[] = [];
    let release = (): void => undefined;
    const stuck = new Promise<void>((open) => {
      release = open;
    });
    const run = async (items: string[]) => {
      if (items.some((item) => item.startsWith("slow"))) await stuck;
      written.push(...items);
      return items;
    };
    const commit = createGroupCommit({
      run,
      maxBatch: 1,
      partitions: 2,
      partitionOf: (item) => (item.startsWith("slow") ? 0 : 1),
    });
    const slow = [commit("slow 1"), commit("slow 2")];
    await Promise.all([commit("quick 1"), commit("quick 2"), commit("quick 3")]);
    expect(written).toEqual(["quick 1", "quick 2", "quick 3"]);
    release();
    await Promise.all(slow);
    expect(written.slice(3)).toEqual(["slow 1", "slow 2"]);
  });

  it("fails only the item that the database refuses", async () => {
    const run = async (items: string[]) => {
      if (items.includes("poison")) throw databaseError("22P05");
      return items;
    };
    const commit = createGroupCommit({ run, maxBatch: 10, partitions: 1 });
    const results = await Promise.allSettled(["a", "poison", "b"].map((item) => commit(item)));
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  it("repeats a whole batch that lost a race in the database", async () => {
    const batches: string[][] = [];
    const run = async (items: string[]) => {
      batches.push(items);
      if (batches.length === 1) throw databaseError("40P01");
      if (batches.length === 2) throw databaseError("40001");
      return items;
    };
    const commit = createGroupCommit({ run, maxBatch: 10, partitions: 1 });
    expect(await Promise.all([commit("a"), commit("b")])).toEqual(["a", "b"]);
    expect(batches).toEqual([
      ["a", "b"],
      ["a", "b"],
      ["a", "b"],
    ]);
  });

  it("fails a batch once as a whole when the database is down, and works again afterwards", async () => {
    let calls = 0;
    const run = async (items: string[]) => {
      if (++calls === 1) throw databaseError("ECONNREFUSED");
      return items;
    };
    const commit = createGroupCommit({ run, maxBatch: 10, partitions: 1 });
    const results = await Promise.allSettled([commit("a"), commit("b")]);
    expect(results.map((result) => result.status)).toEqual(["rejected", "rejected"]);
    expect(calls).toBe(1);
    expect(await commit("c")).toBe("c");
  });

  it("refuses a writer that returns fewer results than items", async () => {
    const commit = createGroupCommit({
      run: async (items: string[]) => items.slice(1),
      maxBatch: 1,
      partitions: 1,
    });
    await expect(commit("a")).rejects.toThrow("a group commit of 1 items returned 0 results");
  });

  it("finishes draining when every accepted item is written", async () => {
    const writer = gatedWriter();
    const commit = createGroupCommit({ run: writer.run, maxBatch: 1, partitions: 1 });
    const all = Promise.all([commit("a"), commit("b")]);
    const drained = commit.drain().then(() => commit.size());
    await eventually(() => expect(writer.gates).toHaveLength(1));
    expect(commit.size()).toBe(2);
    writer.gates[0]?.();
    await eventually(() => expect(writer.gates).toHaveLength(2));
    writer.gates[1]?.();
    expect(await drained).toBe(0);
    expect(await all).toEqual(["A", "B"]);
  });
});
