import {
  type AttributeValue,
  type Span as OtlpSpan,
  ROOT_CONTEXT,
  type SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { SpanKind as Kind, Span, SpanAttributes } from "../core/trace/span.ts";

interface SpanMaker {
  tracer: Tracer;
  kinds: Readonly<Record<Kind, SpanKind>>;
  showsText: boolean;
  /** Attributes of all steps of the message. */
  shared: SpanAttributes;
}

/** A span of the packages in the form that the service knows. */
export function asSpan(span: OtlpSpan, maker: SpanMaker): Span {
  const { traceId, spanId, traceFlags } = span.spanContext();
  let ended = false;
  return {
    traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`,
    // A span that is not sent needs no text.
    showsText: maker.showsText && span.isRecording(),
    child(name, kind, attributes) {
      const all = { kind: maker.kinds[kind], attributes: present({ ...maker.shared, ...attributes }) };
      const below = trace.setSpan(ROOT_CONTEXT, span);
      return asSpan(maker.tracer.startSpan(name, all, below), maker);
    },
    set: (attributes) => void span.setAttributes(present(attributes)),
    fail(type, message) {
      span.setAttribute("error.type", type).setStatus({ code: SpanStatusCode.ERROR, message });
    },
    end(at) {
      if (!ended) span.end(at);
      ended = true;
    },
  };
}

/** The attributes that have a value. */
export function present(attributes: SpanAttributes): Record<string, AttributeValue> {
  const known: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) known[name] = typeof value === "object" ? [...value] : value;
  }
  return known;
}
