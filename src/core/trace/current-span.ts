import { AsyncLocalStorage } from "node:async_hooks";
import type { Span } from "./span.ts";

/** Costs nothing until the first span runs a task. */
const spans = new AsyncLocalStorage<Span>();

/** The span of the current task. Null if tracing is off. */
export function currentSpan(): Span | null {
  return spans.getStore() ?? null;
}

/** Runs a task as a part of a span, if there is one. */
export function inSpan<T>(span: Span | null, task: () => T): T {
  return span === null ? task() : spans.run(span, task);
}

/** The header by which a called service continues the trace. Empty if tracing is off. */
export function traceHeaders(): { traceparent?: string } {
  const span = currentSpan();
  return span === null ? {} : { traceparent: span.traceparent };
}
