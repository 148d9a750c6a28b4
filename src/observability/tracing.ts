import type { Logger } from "../core/process/logger.ts";
import type { Tracing } from "../core/trace/span.ts";
import type { TracingSettings } from "../core/trace/tracing-settings.ts";

export interface RunningTracing extends Tracing {
  /** Sends what is left, then ends. */
  close(): Promise<void>;
}

/**
 * Starts tracing. Null if it is off; then none of its packages is loaded. The packages read their variables from the
 * process, so these must be there.
 */
export async function startTracing(
  settings: TracingSettings | null,
  deps: { version: string; log: Logger },
): Promise<RunningTracing | null> {
  if (settings === null) return null;
  const { createOtlpTracing } = await import("./otlp-tracing.ts");
  return createOtlpTracing(settings, deps);
}
