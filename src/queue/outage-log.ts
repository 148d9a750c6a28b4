import type { Logger } from "../core/process/logger.ts";

/** Logs once that a server is lost and once that it is back, for any number of connections and errors. */
export interface OutageLog {
  lost(error: unknown): void;
  restored(): void;
}

export function createOutageLog(log: Logger, server: string): OutageLog {
  let isLost = false;
  return {
    lost(error) {
      if (isLost) return;
      isLost = true;
      log.warn({ err: error, server }, "connection lost; trying again until it is back");
    },
    restored() {
      if (!isLost) return;
      isLost = false;
      log.info({ server }, "connection restored");
    },
  };
}
