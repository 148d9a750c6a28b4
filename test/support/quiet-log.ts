import type { Logger } from "../../src/core/process/logger.ts";

/** One log line. */
export interface LoggedLine {
  level: "debug" | "info" | "warn" | "error";
  message: string;
  fields: Record<string, unknown>;
}

/** A log that prints nothing and stores its lines, for tests that check an operator's view. */
export function quietLog(): Logger & { lines: LoggedLine[] } {
  const lines: LoggedLine[] = [];
  const at = (level: LoggedLine["level"], bindings: Record<string, unknown>) => {
    return (fields: Record<string, unknown>, message: string) => {
      lines.push({ level, message, fields: { ...bindings, ...fields } });
    };
  };
  const make = (bindings: Record<string, unknown>): Logger => ({
    child: (more) => make({ ...bindings, ...more }),
    debug: at("debug", bindings),
    info: at("info", bindings),
    warn: at("warn", bindings),
    error: at("error", bindings),
  });
  return { ...make({}), lines };
}
