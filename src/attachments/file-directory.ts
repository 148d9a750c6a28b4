import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FileStore } from "./file-store.ts";

/**
 * Stores files in a directory, each under its id, readable by their owner only. The end of the id selects a subfolder,
 * because it is random. The start of the id is the time, so it would put all files of a day into one folder.
 */
export function createFileDirectory(
  root: string,
  { openFolder = open, spaceOf = statfs }: Partial<FileSystem> = {},
): FileStore {
  const pathOf = (id: string) => join(root, id.slice(-2), id);
  return {
    async write(id, content) {
      const path = pathOf(id);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await requireSpace(root, content.length, spaceOf);
      const draft = `${path}.${randomBytes(6).toString("hex")}`;
      try {
        await writeThrough(draft, content);
        await rename(draft, path);
      } finally {
        await rm(draft, { force: true });
      }
      await syncFolder(dirname(path), openFolder);
    },

    async open(id, range) {
      try {
        const file = await open(pathOf(id));
        return file.createReadStream(range);
      } catch (error) {
        if (codeOf(error) === "ENOENT") return null;
        throw error;
      }
    },

    async erase(id) {
      await rm(pathOf(id), { force: true });
    },
  };
}

/** The calls of the file system that tests replace. */
interface FileSystem {
  openFolder: OpenFolder;
  spaceOf(path: string): Promise<{ bsize: number; blocks: number; bavail: number }>;
}

/**
 * The space that files leave free, because a database on the same disk stops when the disk is full. On a
 * small disk it is a tenth.
 */
const LEAVE_FREE = 1024 ** 3;

async function requireSpace(root: string, bytes: number, spaceOf: FileSystem["spaceOf"]): Promise<void> {
  const { bsize, blocks, bavail } = await spaceOf(root);
  const free = bavail * bsize - bytes;
  // Some network file systems say nothing of their size.
  if (blocks === 0 || free >= Math.min(LEAVE_FREE, (blocks * bsize) / 10)) return;
  throw new Error("the disk is nearly full: make room, or keep files elsewhere (CAUSEWAY_ATTACHMENTS)");
}

async function writeThrough(path: string, content: Buffer): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

type OpenFolder = (path: string) => Promise<Pick<FileHandle, "sync" | "close">>;

/**
 * Errors of file systems that cannot sync a folder; they do not need it. Any other error may mean that a name is lost.
 */
const CANNOT_SYNC: ReadonlySet<unknown> = new Set(["EINVAL", "EPERM", "ENOTSUP", "EISDIR"]);

/** Syncs the folder: a new file name is on disk only after that. */
async function syncFolder(path: string, openFolder: OpenFolder): Promise<void> {
  try {
    const folder = await openFolder(path);
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    if (!CANNOT_SYNC.has(codeOf(error))) throw error;
  }
}

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? error.code : undefined);
