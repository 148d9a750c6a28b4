import { type DestinationStream, pino } from "pino";
import type { Logger } from "../core/logger.ts";
import type { Redactor } from "./redaction.ts";

/**
 * Structured logs, one JSON line per fact, on standard output unless told otherwise. Every line passes the redactor
 * whole, so that a secret is caught wherever in it it stands: a field, a nested object, a message, a stack.
 */
export function createLogger(options: {
  level: string;
  redactor: Redactor;
  destination?: DestinationStream;
}): Logger {
  const { level, redactor, destination } = options;
  const settings = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // Errors under either name keep their type, message and stack; a plain Error would be logged as {}.
    serializers: { err: pino.stdSerializers.errWithCause, error: pino.stdSerializers.errWithCause },
    hooks: { streamWrite: (line: string) => redactor.redact(line) },
  };
  return destination === undefined ? pino(settings) : pino(settings, destination);
}
