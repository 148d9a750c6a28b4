import type { Logger } from "../core/process/logger.ts";
import type { FileStore } from "./file-store.ts";

export interface WatchedStore extends FileStore {
  /** The error of the last write; null after a successful one. */
  lastError(): string | null;
}

/** Wraps a store and reports its failed writes. An operator must repair a full disk or a bucket that refuses. */
export function watchFileStore(
  store: FileStore,
  deps: { onFailedWrite(): void; log: Pick<Logger, "error"> },
): WatchedStore {
  let lastError: string | null = null;
  return {
    ...store,
    lastError: () => lastError,
    async write(id, content, contentType) {
      try {
        await store.write(id, content, contentType);
        lastError = null;
      } catch (error) {
        lastError = `files cannot be stored: ${wordsFor(error)}`;
        deps.onFailedWrite();
        deps.log.error({ err: error, attachment_id: id }, "a file could not be stored");
        throw error;
      }
    },
  };
}

/** Returns the system's error code. Its message would contain paths. */
function wordsFor(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? String(error.code) : error.message;
}
