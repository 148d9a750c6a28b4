import type { Readable } from "node:stream";

/** Part of a file, both ends included, counted from 0. */
export interface ByteRange {
  start: number;
  end: number;
}

/** Keeps the contents of files by id: in a directory or in a bucket. Every call may be repeated. */
export interface FileStore {
  /** Resolves once it would outlive a power cut. A second write replaces the first whole. */
  write(id: string, content: Buffer, contentType: string): Promise<void>;
  /** The content, or a part of it; null where there is none under this id. */
  open(id: string, range?: ByteRange): Promise<Readable | null>;
  /** Also where there is nothing to erase. */
  erase(id: string): Promise<void>;
}

/** A file's whole content; null where there is none under this id. */
export async function readWhole(store: FileStore, id: string): Promise<Buffer | null> {
  const stream = await store.open(id);
  if (stream === null) return null;
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
