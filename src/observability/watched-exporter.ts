import type { SpanExporter } from "@opentelemetry/sdk-trace-base";
import type { Logger } from "../core/process/logger.ts";

/** The value of a successful export. Its enum stands in a package that nothing else here needs. */
const SUCCESS = 0;

/** Says in the log when traces cannot be sent, and when they can be again. The service goes on either way. */
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
