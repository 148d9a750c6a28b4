import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEmulator } from "emulate";
// The service also loads undici before the first request. It sets the dispatcher behind the global fetch.
import "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { diagnoseFileStore } from "../../src/attachments/diagnose-file-store.ts";
import { createFileBucket } from "../../src/attachments/file-bucket.ts";
import { createFileDirectory } from "../../src/attachments/file-directory.ts";
import { type FileStore, readWhole } from "../../src/attachments/file-store.ts";
import { newId } from "../../src/core/ids.ts";
import { freePort } from "../support/redis.ts";

let directory: string;
let bucket: Awaited<ReturnType<typeof createEmulator>>;

const inBucket = (name = "media") =>
  createFileBucket({
    bucket: name,
    prefix: "chat/files/",
    endpoint: bucket.url,
    region: "us-east-1",
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    sessionToken: null,
  });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "causeway-files-"));
  const port = await freePort();
  bucket = await createEmulator({
    service: "aws",
    port,
    baseUrl: `http://127.0.0.1:${port}`,
    seed: { aws: { region: "us-east-1", s3: { buckets: [{ name: "media" }] } } },
  });
});
afterAll(async () => {
  await bucket.close();
  await rm(directory, { recursive: true, force: true });
});

describe.each<[string, () => FileStore]>([
  ["a directory", () => createFileDirectory(directory)],
  ["a bucket", () => inBucket()],
])("files in %s", (_, open) => {
  test("are read as they were written, whole and in parts", async () => {
    const [store, id] = [open(), newId()];
    const content = Buffer.from(Array.from({ length: 70_000 }, (_value, index) => index % 251));
    await store.write(id, content, "application/octet-stream");
    expect((await readWhole(store, id))?.equals(content)).toBe(true);
    const part = await store.open(id, { start: 10, end: 14 });
    const chunks = [];
    for await (const chunk of part ?? []) chunks.push(Buffer.from(chunk));
    expect(Buffer.concat(chunks)).toEqual(content.subarray(10, 15));
  });

  test("are replaced completely by a second write, and can be deleted repeatedly", async () => {
    const [store, id] = [open(), newId()];
    await store.write(id, Buffer.from("first, and longer"), "text/plain");
    await store.write(id, Buffer.from("second"), "text/plain");
    expect(String(await readWhole(store, id))).toBe("second");
    await store.erase(id);
    await store.erase(id);
    expect(await readWhole(store, id)).toBe(null);
  });
});

test("files in a directory are readable only by their owner, and no temporary files remain", async () => {
  const [store, id] = [createFileDirectory(join(directory, "own")), newId()];
  await store.write(id, Buffer.from("secret"), "text/plain");
  const path = join(directory, "own", id.slice(-2), id);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(directory, "own", id.slice(-2)))).toEqual([id]);
});

test.each([
  ["EINVAL", "kept"],
  ["EPERM", "kept"],
  ["ENOTSUP", "kept"],
  ["EIO", "EIO"],
  ["ENOSPC", "ENOSPC"],
])("a file whose folder cannot be synced with %s is %s", async (code, outcome) => {
  const store = createFileDirectory(directory, {
    openFolder: async () => ({
      sync: () => Promise.reject(Object.assign(new Error("from the disk"), { code })),
      close: () => Promise.resolve(),
    }),
  });
  const became = await store.write(newId(), Buffer.from("x"), "text/plain").then(
    () => "kept",
    (error: { code: string }) => error.code,
  );
  expect(became).toBe(outcome);
});

test.each([
  ["of 100 GB with 2 GB free", { total: 100e9, free: 2e9 }, true],
  ["of 100 GB with less than 1 GB free", { total: 100e9, free: 0.9e9 }, false],
  ["of 1 GB with half of it free", { total: 1e9, free: 0.5e9 }, true],
  ["of 1 GB with a twentieth of it free", { total: 1e9, free: 0.05e9 }, false],
  ["of unknown size", { total: 0, free: 0 }, true],
])("a file is kept only if the disk has space: %s %o %s", async (_, { total, free }, kept) => {
  const spaceOf = async () => ({ bsize: 4096, blocks: total / 4096, bavail: free / 4096 });
  const [store, id] = [createFileDirectory(directory, { spaceOf }), newId()];
  const error = await store.write(id, Buffer.from("x"), "text/plain").then(() => null, String);
  expect(error).toEqual(kept ? null : expect.stringContaining("disk is nearly full"));
  expect((await readWhole(store, id)) !== null).toBe(kept);
});

test("a missing bucket is an error that names it, without secrets", async () => {
  const error = await inBucket("nowhere")
    .write(newId(), Buffer.from("x"), "text/plain")
    .then(() => null, String);
  expect(error).toContain("nowhere");
  expect(error).not.toContain("wJalr");
});

test("the doctor writes and deletes a file in a bucket, and reports a failure", async () => {
  expect(await diagnoseFileStore(inBucket())).toEqual([
    expect.objectContaining({ severity: "ok", what: "A file was stored there, read and erased." }),
  ]);
  expect(await diagnoseFileStore(inBucket("nowhere"))).toEqual([
    expect.objectContaining({ severity: "error", what: expect.stringContaining("nowhere") }),
  ]);
});

test("the doctor reports a bucket without delete rights, and tries to leave nothing there", async () => {
  const erased: string[] = [];
  const findings = await diagnoseFileStore({
    ...inBucket(),
    open: () => Promise.reject(new Error("reading is not allowed")),
    erase(id) {
      erased.push(id);
      return Promise.reject(new Error("erasing is not allowed"));
    },
  });
  expect(findings.map(({ severity, what }) => [severity, what])).toEqual([
    ["error", "A file could not be read there: reading is not allowed."],
    ["error", "A file could not be erased there: erasing is not allowed."],
  ]);
  expect(erased).toHaveLength(1);
});
