import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ChannelValues } from "../../src/channels/channel-options.ts";
import { createChannelValues } from "../../src/storage/channel-values.ts";
import { createTestDatabase, testPool } from "../support/postgres.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: pg.Pool;
let values: ChannelValues;
let others: ChannelValues;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = testPool(database.url);
  await pool.query(`INSERT INTO workspaces (id, slug) VALUES ('w', 'w');
    INSERT INTO channels (id, workspace_id, name, kind) VALUES ('one', 'w', 'one', 'slack'), ('two', 'w', 'two', 'slack')`);
});
beforeEach(async () => {
  await pool.query("TRUNCATE channel_values");
  values = createChannelValues(pool, "one");
  others = createChannelValues(pool, "two");
});
afterAll(async () => {
  await pool.end();
  await database[Symbol.asyncDispose]();
});

const bytes = (text: string) => Buffer.from(text);
const MINUTE = { expiresInMs: 60_000 };

/** Moves the end of every value into the past, as if its lifetime were over. */
const expireAll = () =>
  pool.query("UPDATE channel_values SET expires_at = now() - interval '1 ms' WHERE expires_at IS NOT NULL");

async function listed(from: ChannelValues, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of from.list(prefix)) keys.push(key);
  return keys;
}

describe("a channel's values", () => {
  test("are added once, even by many processes, and separately for each channel", async () => {
    const added = await Promise.all(["a", "b", "c", "d", "e"].map((text) => values.add("k", bytes(text))));
    expect(added.filter(Boolean)).toHaveLength(1);
    expect((await values.read("k"))?.toString()).toBe(["a", "b", "c", "d", "e"][added.indexOf(true)]);
    expect(await others.read("k")).toBeNull();
    expect(await others.add("k", bytes("x"))).toBe(true);
  });

  test("are missing for every reader once their lifetime ends", async () => {
    await values.write("token", bytes("old"), MINUTE);
    await values.write("stays", bytes("x"));
    expect((await values.read("token"))?.toString()).toBe("old");
    await expireAll();
    expect(await values.read("token")).toBeNull();
    expect(await values.update("token", async () => bytes("changed"))).toBeNull();
    expect(await listed(values, "")).toEqual(["stays"]);
    expect(await values.add("token", bytes("new"), MINUTE)).toBe(true);
    expect(await values.add("token", bytes("newer"), MINUTE)).toBe(false);
    expect((await values.read("token"))?.toString()).toBe("new");
  });

  test("keep their lifetime when they change, and lose it when written without one", async () => {
    await values.write("a", bytes("1"), MINUTE);
    await values.update("a", async () => bytes("2"));
    await values.write("b", bytes("1"), MINUTE);
    await values.write("b", bytes("2"));
    await expireAll();
    expect(await listed(values, "")).toEqual(["b"]);
  });

  test("are deleted after they expire, when the next one with a lifetime is written", async () => {
    await values.write("a", bytes("1"), MINUTE);
    await others.write("b", bytes("1"), MINUTE);
    await expireAll();
    await values.add("c", bytes("1"), MINUTE);
    const { rows } = await pool.query("SELECT key FROM channel_values ORDER BY key");
    expect(rows.map(({ key }) => key)).toEqual(["b", "c"]);
  });

  test("are all listed by the start of their keys, and % and _ match only themselves", async () => {
    const keys = Array.from({ length: 230 }, (_, n) => `team:${String(n).padStart(3, "0")}`);
    for (const key of keys) await values.write(key, bytes("x"));
    await values.write("team%", bytes("x"));
    await values.write("other:1", bytes("x"));
    await others.write("team:999", bytes("x"));
    expect(await listed(values, "team:")).toEqual(keys);
    expect(await listed(values, "team%")).toEqual(["team%"]);
    expect(await listed(values, "_")).toEqual([]);
  });
});
