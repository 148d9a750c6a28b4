import { expect, test } from "vitest";
import { createAttachmentLinks } from "../../src/attachments/links.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { serviceKey } from "../../src/storage/service-keys.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { quietLog } from "../support/quiet-log.ts";

test("processes that start at the same time share one random key for each name", async () => {
  await using world = await createTestDatabase();
  const { pool, close } = openDatabase({ url: world.url, maxConnections: 8, log: quietLog() });
  try {
    const keys = await Promise.all(Array.from({ length: 8 }, () => serviceKey(pool, "links")));
    expect(new Set(keys.map((key) => key.toString("hex"))).size).toBe(1);
    expect(keys[0]).toHaveLength(32);
    expect(await serviceKey(pool, "others")).not.toEqual(keys[0]);
  } finally {
    await close();
  }
});

test("a link opens its own file for an hour, with its own key", () => {
  const options = { publicUrl: "https://chat.example.org", now: () => 1_800_000_000_000 };
  const links = createAttachmentLinks({ ...options, key: Buffer.alloc(32, 1) });
  const query = new URL(links.linkTo("one")).searchParams;
  const [expires = "", signature = ""] = [query.get("expires"), query.get("signature")].map(String);
  expect(links.isValid("one", expires, signature)).toBe(true);
  expect(links.isValid("two", expires, signature)).toBe(false);
  const another = createAttachmentLinks({ ...options, key: Buffer.alloc(32, 2) });
  expect(another.isValid("one", expires, signature)).toBe(false);
});
