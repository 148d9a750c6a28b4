import { type DestinationStream, pino } from "pino";
import type { Logger } from "../core/process/logger.ts";
import type { Redactor } from "./redaction.ts";

/**
 * Creates a structured log, one JSON line per event, on standard output by default. The redactor checks every complete
 * line. So it finds a secret anywhere: in a field, a nested object, a message or a stack.
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
    // Errors under both names keep their type, message and stack. Without a serializer, an Error would be logged as {}.
    serializers: { err: pino.stdSerializers.errWithCause, error: pino.stdSerializers.errWithCause },
    hooks: { streamWrite: (line: string) => redactor.redact(line) },
  };
  return pino(settings, destination ?? createOutput());
}

/**
 * Standard output, or another descriptor. A line that cannot be written is lost, for example to a full disk or a closed
 * terminal. Without a listener, the error would end the process.
 */
export function createOutput(fd = 1): DestinationStream {
  const output = pino.destination({ dest: fd, sync: true });
  output.on("error", () => undefined);
  return output;
}
