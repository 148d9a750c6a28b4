import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { createAttachmentRepository } from "../../src/attachments/attachment-repository.ts";
import { type FileStore, readWhole } from "../../src/attachments/file-store.ts";
import { loadAttachment } from "../../src/attachments/load-attachment.ts";
import { newId } from "../../src/core/ids.ts";
import { addConversation } from "../api/api-rows.ts";
import { openApiWorld } from "../api/api-server.ts";
import { quietLog } from "../support/quiet-log.ts";

function memoryStore(): FileStore {
  const contents = new Map<string, Buffer>();
  return {
    write: async (id, content) => void contents.set(id, content),
    open: async (id) => {
      const content = contents.get(id);
      return content === undefined ? null : Readable.from([content]);
    },
    erase: async (id) => void contents.delete(id),
  };
}

test("a file that cannot be stored is tried for hours with a visible error, and then fails", async () => {
  await using world = await openApiWorld();
  const host = createServer((_, response) => response.end("the file"));
  await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
  const home = { id: world.workspaceId, slug: "default" };
  const { sessionId, messageId } = await addConversation(world.pool, home);
  const id = newId();
  await world.pool.query(
    `INSERT INTO attachments (id, workspace_id, session_id, message_id, kind, platform_id)
     VALUES ($1, $2, $3, $4, 'file', 'theirs')`,
    [id, home.id, sessionId, messageId],
  );
  const repository = createAttachmentRepository(world.pool, { owner: "owner", leaseMs: 60_000 });
  const full = { ...memoryStore(), write: () => Promise.reject(new Error("ENOSPC")) };
  const waits: number[] = [];
  try {
    for (let state = "pending"; state === "pending"; ) {
      await world.pool.query(
        "UPDATE attachments SET next_attempt_at = now() - interval '1 second' WHERE id = $1",
        [id],
      );
      const [claimed] = await repository.claim({ of: [messageId] });
      if (!claimed) throw new Error("nothing to load");
      await loadAttachment(
        {
          repository,
          store: full,
          source: async () => ({ kind: "found", url: `${origin}/`, trustedOrigins: [origin] }),
          limitBytes: 1_000,
          signal: new AbortController().signal,
          log: quietLog(),
        },
        claimed,
      );
      const { rows } = await world.pool.query(
        "SELECT state, error, extract(epoch FROM next_attempt_at - updated_at)::float8 AS wait FROM attachments WHERE id = $1",
        [id],
      );
      expect(rows[0].error).toBe("it could not be kept here");
      ({ state } = rows[0]);
      if (rows[0].wait !== null) waits.push(rows[0].wait);
      expect(waits.length).toBeLessThan(20);
    }
  } finally {
    await new Promise((resolve) => host.close(resolve));
  }
  const hours = waits.reduce((sum, wait) => sum + wait, 0) / 3_600;
  expect(hours).toBeGreaterThan(3);
  expect(hours).toBeLessThan(5);
});

test("a file that two processes load is stored; a file whose message was deleted meanwhile is not", async () => {
  await using world = await openApiWorld();
  const host = createServer((_, response) => response.end("the file"));
  await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
  const home = { id: world.workspaceId, slug: "default" };
  const { sessionId, messageId } = await addConversation(world.pool, home);
  const [id, store] = [newId(), memoryStore()];
  await world.pool.query(
    `INSERT INTO attachments (id, workspace_id, session_id, message_id, kind, platform_id, next_attempt_at)
     VALUES ($1, $2, $3, $4, 'file', 'theirs', now() - interval '1 second')`,
    [id, home.id, sessionId, messageId],
  );
  const repository = createAttachmentRepository(world.pool, { owner: "owner", leaseMs: 60_000 });
  const hurried = createAttachmentRepository(world.pool, { owner: "hurried", leaseMs: -1_000 });
  const load = (attachment: Parameters<typeof loadAttachment>[1]) =>
    loadAttachment(
      {
        repository,
        store,
        source: async () => ({ kind: "found", url: `${origin}/`, trustedOrigins: [origin] }),
        limitBytes: 1_000,
        signal: new AbortController().signal,
        log: quietLog(),
      },
      attachment,
    );

  try {
    // The first loader waited for a free place until its claim expired, and both finish.
    const [first] = await hurried.claim({ of: [messageId] });
    const [second] = await repository.claim({ of: [messageId] });
    if (!first || !second) throw new Error("nothing to load");
    await load(second);
    await load(first);
    expect(await repository.find(id)).toMatchObject({ state: "stored", bytes: 8 });
    expect(String(await readWhole(store, id))).toBe("the file");

    await world.pool.query("DELETE FROM messages WHERE id = $1", [messageId]);
    await load(first);
    expect(await readWhole(store, id)).toBeNull();
  } finally {
    await new Promise((resolve) => host.close(resolve));
  }
});
