import { type IdGenerator, RandomIdGenerator } from "@opentelemetry/sdk-trace-base";

/** An id generator that gives a span known ids, if its step has some. */
export function plannedIds(): IdGenerator & {
  use<T>(ids: { traceId: string; spanId?: string }, make: () => T): T;
} {
  const random = new RandomIdGenerator();
  let planned: { traceId?: string; spanId?: string } = {};
  return {
    generateTraceId: () => planned.traceId ?? random.generateTraceId(),
    generateSpanId: () => planned.spanId ?? random.generateSpanId(),
    /** A span gets its ids while it is made, in one go. So no other span can get them. */
    use(ids, make) {
      planned = ids;
      try {
        return make();
      } finally {
        planned = {};
      }
    },
  };
}
