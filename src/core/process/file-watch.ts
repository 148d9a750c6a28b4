import { type StatsListener, unwatchFile, watchFile } from "node:fs";

/** Interval of checks of a file, milliseconds. */
const LOOK_MS = 500;
/**
 * A change counts once nothing more has happened for this time. Editors write in several steps, and people save several
 * files together. Longer than the interval, so that changes found in one check count as one.
 */
const SETTLED_MS = 600;

/** Watches files until it is stopped. */
export interface FileWatch {
  /** Watches exactly these files from now on. They need not exist yet. */
  watch(paths: readonly string[]): void;
  stop(): void;
}

/**
 * Calls `onChange` once after each group of changes. It checks the paths instead of asking the system for events. So it
 * also notices files that a rename or a link replaces, and files on a network or in a container.
 */
export function createFileWatch(onChange: () => void): FileWatch {
  const watched = new Set<string>();
  let settled: NodeJS.Timeout | undefined;
  const changed: StatsListener = (now, before) => {
    // Node reports a file that was missing from the start, although nothing has changed.
    if (now.ino === before.ino && now.mtimeMs === before.mtimeMs) return;
    clearTimeout(settled);
    settled = setTimeout(onChange, SETTLED_MS);
    settled.unref();
  };
  return {
    watch(paths) {
      for (const path of watched) {
        if (paths.includes(path)) continue;
        unwatchFile(path, changed);
        watched.delete(path);
      }
      for (const path of paths) {
        if (watched.has(path)) continue;
        watched.add(path);
        watchFile(path, { interval: LOOK_MS, persistent: false }, changed);
      }
    },
    stop() {
      clearTimeout(settled);
      for (const path of watched) unwatchFile(path, changed);
      watched.clear();
    },
  };
}
