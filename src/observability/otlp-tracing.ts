import { ROOT_CONTEXT, type SpanContext, SpanKind, TraceFlags, trace } from "@opentelemetry/api";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import { newId } from "../core/ids.ts";
import type { Logger } from "../core/process/logger.ts";
import type { SpanKind as Kind, Span, Step } from "../core/trace/span.ts";
import { parseTraceparent, traceIdOf } from "../core/trace/trace-ids.ts";
import type { TracingSettings } from "../core/trace/tracing-settings.ts";
import { asSpan, present } from "./otlp-span.ts";
import { plannedIds } from "./planned-ids.ts";
import type { RunningTracing } from "./tracing.ts";
import { watchedExporter } from "./watched-exporter.ts";

/** The version of the semantic conventions whose GenAI attributes the spans have. */
const SCHEMA_URL = "https://opentelemetry.io/schemas/1.37.0";

const KINDS: Readonly<Record<Kind, SpanKind>> = {
  internal: SpanKind.INTERNAL,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
  producer: SpanKind.PRODUCER,
};

/** Sends spans over OTLP/HTTP. Sampler, headers, limits and batches are as the `OTEL_…` variables say. */
export function createOtlpTracing(
  { showsText, environment }: TracingSettings,
  { version, log }: { version: string; log: Logger },
): RunningTracing {
  const ids = plannedIds();
  const exporter = watchedExporter(exporterFor(environment), log);
  const provider = new BasicTracerProvider({
    idGenerator: ids,
    resource: resourceOf(version),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer("causeway", version, { schemaUrl: SCHEMA_URL });

  /**
   * Asks the sampler as for the first span of the trace. It decides by the trace's id, so every process gets the same
   * answer. The span is never ended, so it is never sent.
   */
  function isSampled(traceId: string): boolean {
    const first = ids.use({ traceId }, () => tracer.startSpan("", {}, ROOT_CONTEXT));
    return (first.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
  }

  function parentOf({ source, parent }: Step, traceId: string): SpanContext | null {
    const caller = parseTraceparent(source.traceparent);
    const spanId = parent ?? caller?.spanId;
    if (spanId === undefined) return null;
    const sampled = caller === null ? isSampled(traceId) : caller.isSampled;
    return { traceId, spanId, isRemote: true, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE };
  }

  return {
    begin(step): Span {
      const traceId = traceIdOf(step.source);
      const parent = parentOf(step, traceId);
      const links = (step.alsoAfter ?? []).map(({ source, id }) => ({
        context: { traceId: traceIdOf(source), spanId: id, traceFlags: TraceFlags.NONE },
      }));
      const { name, kind, startedAt: startTime, attributes, shared } = step;
      const span = ids.use({ traceId, spanId: step.id }, () =>
        tracer.startSpan(
          name,
          {
            kind: KINDS[kind],
            attributes: present({ ...shared, ...attributes }),
            ...(startTime && { startTime }),
            ...(links.length > 0 && { links }),
          },
          parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent),
        ),
      );
      return asSpan(span, { tracer, kinds: KINDS, showsText, shared });
    },
    close: () => provider.shutdown(),
  };
}

function exporterFor(environment: TracingSettings["environment"]): SpanExporter {
  const protocol =
    environment["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] ?? environment["OTEL_EXPORTER_OTLP_PROTOCOL"];
  return protocol === "http/json" ? new JsonExporter() : new ProtobufExporter();
}

function resourceOf(version: string) {
  return defaultResource()
    .merge(
      resourceFromAttributes({
        "service.name": "causeway",
        "service.version": version,
        "service.instance.id": newId(),
      }),
    )
    .merge(detectResources({ detectors: [envDetector] }));
}
