import { cp, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createEmulator } from "emulate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFileBucket } from "../../src/attachments/file-bucket.ts";
import { readWhole } from "../../src/attachments/file-store.ts";
import { backUp } from "../../src/cli/backup/backup.ts";
import { restore as restoreFile } from "../../src/cli/backup/restore.ts";
import { parseSettings } from "../../src/config/settings.ts";
import { backupLines, restoreLines } from "../../src/storage/backup-database.ts";
import { type BackupLine, readBackup, writeBackup } from "../../src/storage/backup-lines.ts";
import { applyMigrations } from "../../src/storage/migrate.ts";
import { appliedMigrations } from "../../src/storage/migration-record.ts";
import { createTestDatabase, testPool } from "../support/postgres.ts";
import { quietLog } from "../support/quiet-log.ts";
import { freePort } from "../support/redis.ts";

const migrations = fileURLToPath(new URL("../../prisma/migrations/", import.meta.url));
/** The newest migration of an earlier release, and one that it lacked although a later one has an earlier name. */
const EARLIER = "20261129700100_data_of_one_session";
const LATE = "20261129430001_format";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "causeway-restore-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The backup of an earlier release, with one conversation. */
async function earlierBackup(): Promise<BackupLine[]> {
  await using database = await createTestDatabase({ empty: true });
  const pool = testPool(database.url);
  const known = await namesOfThisRelease();
  const names = known.filter((name) => name <= EARLIER && name !== LATE);
  await applyMigrations(pool, quietLog(), migrations, names);
  await pool.query(`
    INSERT INTO workspaces (id, slug) VALUES ('w', 'w');
    INSERT INTO agents (id, workspace_id, slug, current_version) VALUES ('a', 'w', 'a', 1);
    INSERT INTO agent_versions (agent_id, number, definition, digest) VALUES ('a', 1, '{}', '');
    INSERT INTO channels (id, workspace_id, name, kind) VALUES ('c', 'w', 'c', 'web');
    INSERT INTO users (id, workspace_id, channel_id, identifier) VALUES ('u', 'w', 'c', 'ada');
    INSERT INTO sessions (id, workspace_id, agent_id, agent_version, channel_id, user_id, single)
      VALUES ('s', 'w', 'a', 1, 'c', 'u', false);
    INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content)
      VALUES ('m', 's', 1, 1, 'user', 'user', 'Hello!');`);
  const lines: BackupLine[] = [];
  const read = backupLines({
    url: database.url,
    release: "0.0.9",
    secrets: [],
    readFile: null,
    log: quietLog(),
    done: () => undefined,
  });
  for await (const line of read) lines.push(line);
  await pool.end();
  return lines;
}

async function namesOfThisRelease(): Promise<string[]> {
  await using database = await createTestDatabase();
  const pool = testPool(database.url);
  const names = await appliedMigrations(pool);
  await pool.end();
  return names;
}

async function* given(lines: readonly BackupLine[]): AsyncGenerator<BackupLine> {
  yield* lines;
}

const restore = (url: string, lines: readonly BackupLine[], folderOfMigrations?: string) =>
  restoreLines({
    url,
    lines: given(lines),
    writeFile: async () => undefined,
    writeSecret: () => undefined,
    log: quietLog(),
    ...(folderOfMigrations === undefined ? {} : { migrations: folderOfMigrations }),
  });

test("a backup of an older release is restored into this one, or the command says what prevents it", async () => {
  const lines = await earlierBackup();
  const names = await namesOfThisRelease();
  expect(names).toContain(LATE);

  await using database = await createTestDatabase({ empty: true });
  const pool = testPool(database.url);
  expect(await restore(database.url, lines)).toMatchObject({ kind: "restored", rows: 7, unfinished: null });
  const { rows } = await pool.query("SELECT content, format FROM messages");
  expect(rows).toEqual([{ content: "Hello!", format: null }]);
  expect(await appliedMigrations(pool)).toEqual(names);
  expect(await restore(database.url, lines)).toMatchObject({ kind: "occupied" });
  await pool.end();

  // Rows of an older release do not fit tables of this one.
  await using ahead = await createTestDatabase();
  expect(await restore(ahead.url, lines)).toEqual({ kind: "ahead", release: "0.0.9" });

  // A file of an early release names its newest migration alone.
  const early = lines.map((line) => {
    if (!("causeway_backup" in line)) return line;
    const { migrations: _, ...head } = line;
    return { ...head, migration: "29990101000000_later" };
  });
  await using other = await createTestDatabase({ empty: true });
  expect(await restore(other.url, early)).toEqual({ kind: "newer", release: "0.0.9" });

  // The last step fails after the rows are restored. They stay, and the command says so.
  const broken = join(folder, "migrations");
  await cp(migrations, broken, { recursive: true });
  await mkdir(join(broken, "29990101000000_later"));
  await writeFile(join(broken, "29990101000000_later", "migration.sql"), "SELECT 1 / 0");
  const half = await restore(other.url, lines, broken);
  expect(half).toMatchObject({
    kind: "restored",
    rows: 7,
    unfinished: expect.objectContaining({ message: expect.stringContaining("division by zero") }),
  });
  const left = testPool(other.url);
  expect((await left.query("SELECT content FROM messages")).rows).toEqual([{ content: "Hello!" }]);
  await left.end();
}, 300_000);

test("a backup is private from its first byte, and a failed one leaves no file", async () => {
  const path = join(folder, "backup.gz");
  const draft = `${path}.unfinished`;
  await writeFile(draft, "from a process that ended", { mode: 0o644 });
  const end: BackupLine = { end: { rows: 0, files: 0 } };
  const head: BackupLine = { causeway_backup: 1, release: "1", migration: "1", migrations: ["1"], at: "now" };
  const modes: number[] = [];
  async function* watched() {
    yield head;
    modes.push((await stat(draft)).mode & 0o777);
    yield end;
  }
  await writeBackup(path, watched());
  expect([...modes, (await stat(path)).mode & 0o777]).toEqual([0o600, 0o600]);
  const read: BackupLine[] = [];
  for await (const line of readBackup(path)) read.push(line);
  expect(read).toEqual([head, end]);

  async function* failing() {
    yield head;
    throw new Error("the database went away");
  }
  const other = join(folder, "broken.gz");
  await expect(writeBackup(other, failing())).rejects.toThrow("the database went away");
  for (const left of [other, `${other}.unfinished`, draft])
    await expect(stat(left)).rejects.toMatchObject({ code: "ENOENT" });
});

test("a backup contains the files of a bucket, unless an option leaves them out", async () => {
  const port = await freePort();
  const bucket = await createEmulator({
    service: "aws",
    port,
    baseUrl: `http://127.0.0.1:${port}`,
    seed: { aws: { region: "us-east-1", s3: { buckets: [{ name: "media" }] } } },
  });
  await using database = await createTestDatabase();
  await using target = await createTestDatabase({ empty: true });
  const env = (url: string, prefix: string) => ({
    DATABASE_URL: url,
    CAUSEWAY_DATA_DIR: join(folder, prefix),
    CAUSEWAY_ATTACHMENTS: `s3://media/${prefix}?endpoint=${bucket.url}`,
    AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
    AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  });
  const storeOf = (prefix: string) => {
    const { settings } = parseSettings(env(database.url, prefix), folder);
    if (settings.attachments.place.kind !== "bucket") throw new Error("no bucket");
    return createFileBucket(settings.attachments.place);
  };
  const pool = testPool(database.url);
  await pool.query(`
    INSERT INTO workspaces (id, slug) VALUES ('w', 'w');
    INSERT INTO agents (id, workspace_id, slug, current_version) VALUES ('a', 'w', 'a', 1);
    INSERT INTO agent_versions (agent_id, number, definition, digest) VALUES ('a', 1, '{}', '');
    INSERT INTO channels (id, workspace_id, name, kind) VALUES ('c', 'w', 'c', 'web');
    INSERT INTO sessions (id, workspace_id, agent_id, agent_version, channel_id, single)
      VALUES ('s', 'w', 'a', 1, 'c', false);
    INSERT INTO attachments (id, workspace_id, session_id, kind, state, next_attempt_at)
      VALUES ('photo', 'w', 's', 'image', 'stored', NULL);`);
  await pool.end();
  await storeOf("old").write("photo", Buffer.from("a photo"), "image/png");

  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const backup = (file: string, withoutFiles: boolean) =>
    backUp({ env: env(database.url, "old"), directory: folder, file, release: "1", withoutFiles, print });
  expect(await backup("bare.gz", true)).toBe(true);
  expect(lines.join("\n")).toContain("6 rows, without files.");
  expect(await backup("whole.gz", false)).toBe(true);
  expect(lines.join("\n")).toContain("whole.gz: 6 rows, 1 files.");
  const into = { env: env(target.url, "new"), directory: folder, file: "whole.gz", print };
  expect(await restoreFile(into)).toBe(true);
  expect(String(await readWhole(storeOf("new"), "photo"))).toBe("a photo");
  await bucket.close();
}, 300_000);
