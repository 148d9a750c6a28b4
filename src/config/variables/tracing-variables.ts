import { z } from "zod";
import { urlOf, variable } from "../variable.ts";

/** Variables of traces. */
export const tracingVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: variable({
    doc: "The address of an OpenTelemetry receiver over HTTP, such as `http://127.0.0.1:4318`. With it, each message has a trace: docs/observability.md.",
    schema: urlOf(["http:", "https:"], "write http://host:4318 or https://host"),
    default: null,
    unset: "tracing is off",
  }),
  OTEL_EXPORTER_OTLP_HEADERS: variable({
    doc: "Headers for that receiver: `name=value`, separated by commas, values URL-encoded.",
    schema: z.string().regex(/^[^=,]+=[^,]*(,[^=,]+=[^,]*)*$/, "write name=value, separated by commas"),
    default: null,
  }),
  OTEL_EXPORTER_OTLP_PROTOCOL: variable({
    doc: "`http/protobuf` or `http/json`.",
    schema: z.enum(["http/protobuf", "http/json"], "write http/protobuf or http/json"),
    default: "http/protobuf",
  }),
  OTEL_SERVICE_NAME: variable({
    doc: "The name of this service in traces.",
    schema: z.string(),
    default: "causeway",
  }),
  OTEL_TRACES_SAMPLER: variable({
    doc: "The traces that are sent: `always_on`, `always_off`, `traceidratio`, or one of these with `parentbased_` before it. Other standard variables (`OTEL_RESOURCE_ATTRIBUTES`, `OTEL_BSP_…`, `OTEL_EXPORTER_OTLP_TIMEOUT`) count as well.",
    schema: z.enum(
      [
        "always_on",
        "always_off",
        "traceidratio",
        "parentbased_always_on",
        "parentbased_always_off",
        "parentbased_traceidratio",
      ],
      "write always_on, always_off, traceidratio, or one of these with parentbased_ before it",
    ),
    default: "parentbased_always_on",
  }),
  OTEL_TRACES_SAMPLER_ARG: variable({
    doc: "The share of traces that `traceidratio` sends, from 0 to 1.",
    schema: z.string().regex(/^(0|1|0?\.\d+|1\.0+)$/, "write a number from 0 to 1, such as 0.1"),
    default: "1",
  }),
  CAUSEWAY_TRACE_CONTENT: variable({
    doc: "`1` puts the text of messages, prompts and tool calls into traces. `0` traces only ids, names, times and counts.",
    schema: z.enum(["0", "1"], "write 1 or 0").transform((text) => text === "1"),
    default: "0",
  }),
};
