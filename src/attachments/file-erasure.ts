import type { ErasureRepository } from "./erasure-repository.ts";
import type { FileStore } from "./file-store.ts";

export interface FileErasureDeps {
  erasures: ErasureRepository;
  store: Pick<FileStore, "erase">;
  /** Retention of files, days; null: no limit. */
  keepDays: number | null;
}

/** Number of contents erased in one step. */
const ERASED_AT_ONCE = 100;
const SWEEP_EVERY_MS = 3_600_000;

/** Erases the contents of files whose rows are gone, and files that were kept long enough. */
export function createFileErasure({ erasures, store, keepDays }: FileErasureDeps) {
  let sweptAt = 0;

  /** Erases files after their retention time, and uploads that were never sent. */
  async function sweep(): Promise<void> {
    await erasures.dropUnsent();
    if (keepDays !== null) await erasures.expire(keepDays);
  }

  return {
    sweep,
    async sweepHourly(): Promise<void> {
      if (Date.now() - sweptAt < SWEEP_EVERY_MS) return;
      sweptAt = Date.now();
      await sweep();
    },
    async erase(): Promise<void> {
      for (;;) {
        const ids = await erasures.due(ERASED_AT_ONCE);
        for (const id of ids) await store.erase(id);
        await erasures.erased(ids);
        if (ids.length < ERASED_AT_ONCE) return;
      }
    },
  };
}
