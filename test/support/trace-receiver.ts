import type { IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { startLoopbackServer } from "./loopback-server.ts";

/** A span that arrived, with its attributes as plain values. */
export interface ReceivedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string | null;
  attributes: Readonly<Record<string, unknown>>;
  links: readonly { traceId: string; spanId: string }[];
  /** Code 2: it failed. */
  status: { code?: number; message?: string };
  resource: Readonly<Record<string, unknown>>;
  seconds: number;
}

export interface TraceReceiver extends AsyncDisposable {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  url: string;
  spans: readonly ReceivedSpan[];
  /** Every request, as it came. */
  requests: readonly { path: string; headers: IncomingMessage["headers"]; body: Buffer }[];
  /** The status of the next answers; 200 at the beginning. */
  answer(status: number): void;
}

/** A receiver of OTLP over HTTP. It reads JSON, and stores protobuf unread. */
export async function startTraceReceiver(): Promise<TraceReceiver> {
  const spans: ReceivedSpan[] = [];
  const requests: TraceReceiver["requests"][number][] = [];
  let status = 200;
  const server = await startLoopbackServer(
    async (request, response) => {
      const body = await buffer(request);
      requests.push({ path: request.url ?? "", headers: request.headers, body });
      if (status === 200 && request.headers["content-type"] === "application/json")
        spans.push(...readSpans(JSON.parse(body.toString()) as Posted));
      response.writeHead(status, { "content-type": "application/json" }).end("{}");
    },
    (response) => response.writeHead(500).end(),
  );
  return {
    url: server.origin,
    spans,
    requests,
    answer(next) {
      status = next;
    },
    [Symbol.asyncDispose]: server.close,
  };
}

interface Value {
  stringValue?: string;
  intValue?: number | string;
  doubleValue?: number;
  boolValue?: boolean;
  arrayValue?: { values: Value[] };
}

type Pairs = { key: string; value: Value }[];

interface Posted {
  resourceSpans: {
    resource: { attributes: Pairs };
    scopeSpans: {
      spans: {
        name: string;
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        startTimeUnixNano: string;
        endTimeUnixNano: string;
        attributes?: Pairs;
        links?: { traceId: string; spanId: string }[];
        status?: ReceivedSpan["status"];
      }[];
    }[];
  }[];
}

function readSpans({ resourceSpans }: Posted): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        name: span.name,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId || null,
        attributes: readPairs(span.attributes ?? []),
        links: (span.links ?? []).map(({ traceId, spanId }) => ({ traceId, spanId })),
        status: span.status ?? {},
        resource: readPairs(resource.attributes),
        seconds: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e9,
      })),
    ),
  );
}

function readPairs(pairs: Pairs): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, readValue(value)]));
}

function readValue(value: Value): unknown {
  if (value.arrayValue) return value.arrayValue.values.map(readValue);
  if (value.intValue !== undefined) return Number(value.intValue);
  return value.stringValue ?? value.doubleValue ?? value.boolValue;
}
