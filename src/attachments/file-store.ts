import type { Readable } from "node:stream";

/** A part of a file. Positions start at 0, and both ends are included. */
export interface ByteRange {
  start: number;
  end: number;
}

/** Stores the contents of files by id, in a directory or in a bucket. Every call is safe to repeat. */
export interface FileStore {
  /** Resolves when the content would survive a power failure. A second write replaces the whole first one. */
  write(id: string, content: Buffer, contentType: string): Promise<void>;
  /** Returns the content or a part of it. Null if this id has none. */
  open(id: string, range?: ByteRange): Promise<Readable | null>;
  /** Succeeds also if there is nothing to erase. */
  erase(id: string): Promise<void>;
}

/** Returns the whole content of a file. Null if this id has none. */
export async function readWhole(store: FileStore, id: string): Promise<Buffer | null> {
  const stream = await store.open(id);
  if (stream === null) return null;
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
