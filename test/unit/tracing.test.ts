import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/config/settings.ts";
import { newId } from "../../src/core/ids.ts";
import { currentSpan, inSpan, traceHeaders } from "../../src/core/trace/current-span.ts";
import type { Step } from "../../src/core/trace/span.ts";
import { parseTraceparent, spanIdOf, storedTraceparent, traceIdOf } from "../../src/core/trace/trace-ids.ts";
import { startTracing } from "../../src/observability/tracing.ts";
import { eventually } from "../support/eventually.ts";
import { quietLog } from "../support/quiet-log.ts";
import { serviceProgram } from "../support/service-program.ts";
import { startTraceReceiver } from "../support/trace-receiver.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = `00-${TRACE}-b7ad6b7169203331-01`;

const settingsOf = (env: Record<string, string>) => parseSettings(env, "/nowhere");
const step = (id: string, more: Partial<Step> = {}): Step => ({
  name: "causeway.ingest",
  kind: "consumer",
  source: { messageId: id, traceparent: null },
  id: spanIdOf("ingest", id),
  parent: null,
  attributes: { "causeway.channel": "api", absent: undefined },
  shared: { "session.id": "s1" },
  ...more,
});

/** The packages that a separate process loads. In this process, other tests may trace. */
async function loadedWhileOff(): Promise<string> {
  const program = `
    const { startTracing } = await import(${JSON.stringify(serviceProgram("tracing"))});
    await startTracing(null, { version: "1", log: console });
    const { createRequire } = await import("node:module");
    console.log(Object.keys(createRequire(import.meta.url).cache).join("\\n"));`;
  const flags = ["--input-type=module", "--eval", program];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  return stdout;
}

describe("tracing", () => {
  it("loads no package while it is off", async () => {
    const { settings } = settingsOf({ OTEL_SERVICE_NAME: "bots" });
    expect(settings.tracing).toBeNull();
    expect(await startTracing(settings.tracing, { version: "1", log: quietLog() })).toBeNull();
    expect(await loadedWhileOff()).not.toMatch(/@opentelemetry\/(sdk|exporter|resources)/);
    expect([currentSpan(), traceHeaders()]).toEqual([null, {}]);
    const disabled = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318", OTEL_SDK_DISABLED: "true" };
    expect(settingsOf(disabled).settings.tracing).toBeNull();
  });

  it("reports errors in its settings, without showing keys", () => {
    const { problems } = settingsOf({
      OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318",
      OTEL_EXPORTER_OTLP_HEADERS: "secret-key",
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
      OTEL_TRACES_SAMPLER: "sometimes",
      OTEL_TRACES_SAMPLER_ARG: "2",
      CAUSEWAY_TRACE_CONTENT: "yes",
    });
    expect(problems.map(({ path }) => path)).toEqual([
      "environment: OTEL_EXPORTER_OTLP_ENDPOINT",
      "environment: OTEL_EXPORTER_OTLP_HEADERS",
      "environment: OTEL_EXPORTER_OTLP_PROTOCOL",
      "environment: OTEL_TRACES_SAMPLER",
      "environment: OTEL_TRACES_SAMPLER_ARG",
      "environment: CAUSEWAY_TRACE_CONTENT",
    ]);
    expect(JSON.stringify(problems)).not.toContain("secret-key");
  });

  it("names a trace by the random part of its message's id, on every process", () => {
    const ids = Array.from({ length: 500 }, () => newId());
    const traces = ids.map((messageId) => traceIdOf({ messageId, traceparent: null }));
    for (const trace of traces) expect(trace).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(traces).size).toBe(500);
    // The example of the KSUID specification.
    expect(traceIdOf({ messageId: "0ujtsYcgvSTl8PAuAdqWYSMnLOv", traceparent: null })).toBe(
      "b5a1cd34b5f99d1154fb6853345c9735",
    );
    expect(traceIdOf({ messageId: newId(), traceparent: CALLER })).toBe(TRACE);
    expect(spanIdOf("turn", "a")).toMatch(/^[0-9a-f]{16}$/);
  });

  it("accepts a caller's header only if it follows the standard", () => {
    expect(storedTraceparent(` ${CALLER} `)).toBe(CALLER);
    expect(storedTraceparent(CALLER.replace(/01$/, "03"))).toBe(CALLER);
    expect(storedTraceparent(`${CALLER.replace("00-", "cc-")}-more`)).toBe(CALLER);
    expect(parseTraceparent(CALLER.replace(/01$/, "00"))?.isSampled).toBe(false);
    const wrong = [
      "",
      "nonsense",
      CALLER.toUpperCase(),
      `${CALLER}-more`,
      CALLER.replace("00-", "ff-"),
      CALLER.replace(TRACE, "0".repeat(32)),
      CALLER.replace("b7ad6b7169203331", "0".repeat(16)),
    ];
    for (const header of [undefined, ...wrong]) expect(storedTraceparent(header)).toBeNull();
  });

  it("sends protobuf with the given headers, and reports once that no server accepts it", async () => {
    await using receiver = await startTraceReceiver();
    const { settings, problems } = settingsOf({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Basic%20c2VjcmV0,x-team=bots",
      OTEL_SERVICE_NAME: "my-bots",
      OTEL_BSP_SCHEDULE_DELAY: "20",
    });
    expect(problems).toEqual([]);
    const environment = settings.tracing?.environment ?? {};
    Object.assign(process.env, environment);
    const log = quietLog();
    const tracing = await startTracing(settings.tracing, { version: "1.2.3", log });
    const id = newId();
    tracing?.begin(step(id)).end();
    await eventually(() => expect(receiver.requests).toHaveLength(1));
    const [request] = receiver.requests;
    expect(request?.path).toBe("/v1/traces");
    expect(request?.headers).toMatchObject({
      "content-type": "application/x-protobuf",
      authorization: "Basic c2VjcmV0",
      "x-team": "bots",
    });
    const body = request?.body ?? Buffer.alloc(0);
    for (const text of ["causeway.ingest", "my-bots", "1.2.3", "session.id"])
      expect(body.includes(text)).toBe(true);
    expect(body.includes(Buffer.from(traceIdOf({ messageId: id, traceparent: null }), "hex"))).toBe(true);

    receiver.answer(400);
    for (let sent = 0; sent < 2; sent += 1) {
      tracing?.begin(step(newId())).end();
      await eventually(() => expect(receiver.requests).toHaveLength(sent + 2));
    }
    receiver.answer(200);
    tracing?.begin(step(newId())).end();
    await eventually(() =>
      expect(log.lines.map(({ message }) => message)).toContain("traces are sent again"),
    );
    expect(log.lines.filter(({ message }) => message === "traces cannot be sent")).toHaveLength(1);
    await tracing?.close();
  });

  it("decides by the trace's id on every process, and follows a caller's decision", async () => {
    await using receiver = await startTraceReceiver();
    Object.assign(process.env, {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.5",
    });
    const environment = { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" };
    const start = () => startTracing({ showsText: true, environment }, { version: "1", log: quietLog() });
    const [web, worker] = [await start(), await start()];
    const ids = Array.from({ length: 40 }, () => newId());
    for (const id of ids) {
      web?.begin(step(id)).end();
      const turn = worker?.begin(
        step(id, { name: "causeway.turn", id: spanIdOf("turn", id), parent: spanIdOf("ingest", id) }),
      );
      const inner = inSpan(turn ?? null, () => currentSpan()?.child("chat m", "client", {}));
      expect(inner?.traceparent.slice(0, 36)).toBe(`00-${traceIdOf({ messageId: id, traceparent: null })}-`);
      inner?.end();
      turn?.end();
    }
    const refused = { messageId: newId(), traceparent: CALLER.replace(/01$/, "00") };
    web?.begin(step(refused.messageId, { source: refused })).end();
    const wanted = { messageId: newId(), traceparent: CALLER };
    web?.begin(step(wanted.messageId, { source: wanted })).end();
    await Promise.all([web?.close(), worker?.close()]);

    const spansOf = (id: string) =>
      receiver.spans.filter(({ traceId }) => traceId === traceIdOf({ messageId: id, traceparent: null }));
    const counts = ids.map((id) => spansOf(id).length);
    expect(new Set(counts)).toEqual(new Set([0, 3]));
    expect(receiver.spans.filter(({ traceId }) => traceId === TRACE)).toMatchObject([
      { parentSpanId: "b7ad6b7169203331", attributes: { "session.id": "s1" } },
    ]);
  });
});
