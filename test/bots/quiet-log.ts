import type { Logger } from "../../src/core/process/logger.ts";

/** A logger that keeps its lines, so that tests can check what is not in them. */
export function keptLog(): Logger & { lines: string[] } {
  const lines: string[] = [];
  const keep = (fields: Record<string, unknown>, message: string) => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  const log = { lines, debug: keep, info: keep, warn: keep, error: keep, child: () => log };
  return log;
}
