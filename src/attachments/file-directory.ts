import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FileStore } from "./file-store.ts";

/**
 * Files in a directory, each under its id, readable by their owner only. Spread over folders by the end of the id, which
 * is random: the beginning is the time, so a day's files would all be in one.
 */
export function createFileDirectory(root: string, openFolder: OpenFolder = open): FileStore {
  const pathOf = (id: string) => join(root, id.slice(-2), id);
  return {
    async write(id, content) {
      const path = pathOf(id);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
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

/** What file systems say that cannot sync a folder: they need no telling. Anything else may be a name that is lost. */
const CANNOT_SYNC: ReadonlySet<unknown> = new Set(["EINVAL", "EPERM", "ENOTSUP", "EISDIR"]);

/** A new name is on the disk only when its folder is. */
async function syncFolder(path: string, openFolder: OpenFolder): Promise<void> {
  try {
    const folder = await openFolder(path);
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    if (!CANNOT_SYNC.has(codeOf(error))) throw error;
  }
}

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? error.code : undefined);
