import type { SpanExporter } from "@opentelemetry/sdk-trace-base";
import type { Logger } from "../core/process/logger.ts";

/** The code of a successful export. Its enum is in a package that nothing else here needs. */
const SUCCESS = 0;

/** Logs when traces cannot be sent, and when they can be sent again. The service continues in both cases. */
export function watchedExporter(exporter: SpanExporter, log: Logger): SpanExporter {
  let fails = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const failed = result.code !== SUCCESS;
        if (failed && !fails) log.warn({ err: result.error, spans: spans.length }, "traces cannot be sent");
        if (!failed && fails) log.info({}, "traces are sent again");
        fails = failed;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}
