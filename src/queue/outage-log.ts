import type { Logger } from "../core/logger.ts";

/** Says once that a server went away and once that it is back, however many connections notice and however often. */
export interface OutageLog {
  lost(error: unknown): void;
  restored(): void;
}

export function createOutageLog(log: Logger, server: string): OutageLog {
  let out = false;
  return {
    lost(error) {
      if (out) return;
      out = true;
      log.warn({ err: error, server }, "connection lost; trying again until it is back");
    },
    restored() {
      if (!out) return;
      out = false;
      log.info({ server }, "connection restored");
    },
  };
}
