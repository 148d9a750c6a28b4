import type { Logger } from "../core/logger.ts";
import type { FileStore } from "./file-store.ts";

export interface WatchedStore extends FileStore {
  /** Why the last file could not be kept; null once one was. */
  trouble(): string | null;
}

/** A store whose failed writes are told: a full disk or a bucket that refuses is an operator's to mend. */
export function watchFileStore(
  store: FileStore,
  deps: { onFailedWrite(): void; log: Pick<Logger, "error"> },
): WatchedStore {
  let trouble: string | null = null;
  return {
    ...store,
    trouble: () => trouble,
    async write(id, content, contentType) {
      try {
        await store.write(id, content, contentType);
        trouble = null;
      } catch (error) {
        trouble = `files cannot be kept: ${wordsFor(error)}`;
        deps.onFailedWrite();
        deps.log.error({ err: error, attachment_id: id }, "a file could not be kept");
        throw error;
      }
    },
  };
}

/** The system's code rather than its message, which names paths. */
function wordsFor(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? String(error.code) : error.message;
}
