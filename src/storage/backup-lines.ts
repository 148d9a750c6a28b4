import { createReadStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { z } from "zod";
import { parseJson } from "../core/text/json.ts";

/*
 * A backup is a gzip file of JSON lines: a head, then rows, sequences, files and secrets, and an end. A file without its
 * end was cut off.
 */

const lineSchema = z.union([
  z.object({
    causeway_backup: z.literal(1),
    release: z.string(),
    migration: z.string(),
    /** Later releases may have migrations with earlier names. Absent in files of early releases. */
    migrations: z.array(z.string()).optional(),
    at: z.string(),
  }),
  /** `rows` is the text of a JSON array, because parsing would round large numbers. */
  z.object({ table: z.string(), rows: z.string(), count: z.number() }),
  z.object({ sequence: z.string(), last: z.string(), isCalled: z.boolean() }),
  z.object({ file: z.string(), content: z.string() }),
  z.object({ secret: z.string(), content: z.string() }),
  z.object({ end: z.object({ rows: z.number(), files: z.number() }) }),
]);

export type BackupLine = z.output<typeof lineSchema>;

/** Writes a backup. Until its end is on disk, the file has another name. So an incomplete file never looks complete. */
export async function writeBackup(path: string, lines: AsyncIterable<BackupLine>): Promise<void> {
  const draft = `${path}.unfinished`;
  try {
    // A file that an earlier process left would keep its mode, so other accounts might read it.
    await rm(draft, { force: true });
    const file = await open(draft, "wx", 0o600);
    // The stream syncs the file before it closes it.
    await pipeline(texts(lines), createGzip(), file.createWriteStream({ flush: true }));
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

async function* texts(lines: AsyncIterable<BackupLine>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`;
}

/** The lines of a backup. Throws a `BackupProblem` if the file is none, or is not whole. */
export async function* readBackup(path: string): AsyncGenerator<BackupLine> {
  let last: BackupLine | null = null;
  try {
    for await (const text of linesOf(path)) {
      const line = lineSchema.safeParse(parseJson(text));
      if (!line.success || (last === null && !("causeway_backup" in line.data))) throw new BackupProblem();
      last = line.data;
      yield last;
    }
  } catch (error) {
    if (isDamage(error)) throw new BackupProblem(error);
    throw error;
  }
  if (last === null || !("end" in last)) throw new BackupProblem();
}

/** The lines of a gzip file. A line may be long, so its pieces are joined once. */
async function* linesOf(path: string): AsyncGenerator<string> {
  const input = createReadStream(path);
  const unpacked = createGunzip().setEncoding("utf8");
  input.once("error", (error) => unpacked.destroy(error));
  input.pipe(unpacked);
  try {
    let pieces: string[] = [];
    for await (const chunk of unpacked) {
      const [first = "", ...others] = String(chunk).split("\n");
      pieces.push(first);
      for (const next of others) {
        yield pieces.join("");
        pieces = [next];
      }
    }
    const rest = pieces.join("");
    if (rest !== "") yield rest;
  } finally {
    input.destroy();
    unpacked.destroy();
  }
}

/** The file is no backup, or a part of one. */
export class BackupProblem extends Error {
  constructor(cause?: unknown) {
    super("is no backup of Causeway, or only a part of one", { cause });
    this.name = "BackupProblem";
  }
}

/** Errors of a file that is no gzip file, or ends too early. */
function isDamage(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
}
