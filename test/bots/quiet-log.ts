import type { Logger } from "../../src/core/logger.ts";

/** A logger that keeps what it is told, for asserting what must not be in it. */
export function keptLog(): Logger & { lines: string[] } {
  const lines: string[] = [];
  const keep = (fields: Record<string, unknown>, message: string) => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  const log = { lines, debug: keep, info: keep, warn: keep, error: keep, child: () => log };
  return log;
}
