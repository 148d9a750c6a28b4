import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { z } from "zod";
import { fileStoreProblem } from "./file-store-place.ts";
import { issuerProblem, publicUrlProblem } from "./public-url.ts";
import { addresses, days, postgresUrl, rate, redisUrls, urlOf, variable } from "./variable.ts";

/**
 * The environment variables of the service. An empty value counts as unset, because compose files write `NAME=` for
 * that.
 */
export type Environment = Readonly<Record<string, string | undefined>>;

/** All variables that the service reads. The table in `docs/settings.md` and `.env.example` are generated from this. */
export const variables = {
  PORT: variable({
    doc: "Port of the HTTP server. `0` takes any free port.",
    schema: z
      .string()
      .regex(/^\d{1,5}$/, "write a port number from 0 to 65535")
      .transform(Number)
      .refine((port) => port <= 65_535, "write a port number from 0 to 65535"),
    default: "3000",
  }),
  HOST: variable({
    doc: "Address on which the HTTP server listens. `0.0.0.0` lets other machines connect.",
    schema: z.string().regex(/^[^\s/]+$/, "write a host name or an IP address, such as 127.0.0.1"),
    default: "127.0.0.1",
  }),
  CAUSEWAY_CONFIG: variable({
    doc: "The configuration file, or several separated by commas (one workspace each).",
    schema: z
      .string()
      .transform((list) =>
        list
          .split(",")
          .map((file) => file.trim())
          .filter((file) => file !== ""),
      )
      .refine((files) => files.length > 0, "write the path of a configuration file"),
    default: null,
    unset: "`./channels.config.local.json` if it exists, else `./channels.config.json`",
  }),
  CAUSEWAY_WATCH: variable({
    doc: "`1` reads the configuration anew as soon as its file, a file that it refers to or `.env` changes, as `causeway reload` does. `0` waits for `causeway reload`.",
    schema: z.enum(["0", "1"], "write 1 or 0").transform((text) => text === "1"),
    default: "0",
  }),
  CAUSEWAY_DATA_DIR: variable({
    doc: "Directory of the embedded database and of generated secrets (mode 0600).",
    schema: z.string(),
    default: "./.causeway",
  }),
  CAUSEWAY_PUBLIC_URL: variable({
    doc: "The URL at which platforms reach the service. The service checks signatures and registers webhooks with it.",
    schema: z.string().superRefine((text, check) => {
      const problem = publicUrlProblem(text);
      if (problem !== null) check.addIssue({ code: "custom", message: problem });
    }),
    default: null,
    unset: "`http://HOST:PORT`",
  }),
  CAUSEWAY_TRUSTED_PROXIES: variable({
    doc: "The proxies whose `X-Forwarded-For` header gives the caller's address. Write addresses and networks, separated by commas (`10.1.2.3, 2001:db8::/48`). `private` means this machine and all private networks. `none` means no proxy. Limits count by the caller's address.",
    schema: addresses,
    default: "private",
  }),
  CAUSEWAY_API_KEY: variable({
    doc: "The first operator key, with all scopes; at least 24 characters, such as the output of `openssl rand -hex 32`.",
    schema: z
      .string()
      .regex(/^[\x21-\x7e]{1,256}$/, "write up to 256 printable characters without spaces")
      .min(24, "write at least 24 characters, such as the output of `openssl rand -hex 32`"),
    default: null,
    unset: "generated at first start and kept in the data directory",
  }),
  CAUSEWAY_ROLE: variable({
    doc: "`web` receives and answers HTTP requests. `worker` runs turns and deliveries. `all` does both.",
    schema: z.enum(["all", "web", "worker"], "write all, web or worker"),
    default: "all",
  }),
  CAUSEWAY_SIMULATE: variable({
    doc: "Kinds of channels to connect to the simulator instead of the platform, separated by commas: `telegram`, `slack`, `whatsapp`. It counts for every channel of that kind.",
    schema: z
      .string()
      .transform((list) =>
        list
          .split(",")
          .map((kind) => kind.trim())
          .filter((kind) => kind !== ""),
      )
      .refine(
        (kinds) => kinds.every((kind) => ["telegram", "slack", "whatsapp"].includes(kind)),
        "write any of telegram, slack and whatsapp, separated by commas",
      ),
    default: null,
    unset: 'only channels with `"simulate": true`',
  }),
  CAUSEWAY_KEY_RATE: variable({
    doc: "Requests per minute for one API key, on each process. The requests of five seconds may come at once. Beyond the limit, the answer is 429 with `Retry-After`.",
    schema: rate,
    default: "60000",
  }),
  CAUSEWAY_USER_RATE: variable({
    doc: "Messages per minute from one user over the API, with any key, on each process. The messages of five seconds may come at once.",
    schema: rate,
    default: "600",
  }),
  CAUSEWAY_ATTACHMENTS: variable({
    doc: "Storage for the contents of files: a directory, or an S3-compatible bucket (`s3://bucket/prefix?endpoint=https://…&region=…`). Processes on several machines need a bucket or a shared directory.",
    schema: z.string().superRefine((text, check) => {
      const problem = fileStoreProblem(text);
      if (problem !== null) check.addIssue({ code: "custom", message: problem });
    }),
    default: null,
    unset: "`attachments` in the data directory",
  }),
  CAUSEWAY_ATTACHMENT_MIB: variable({
    doc: "The largest accepted file, in MiB.",
    schema: z
      .string()
      .regex(/^[1-9]\d{0,2}$/, "write a whole number from 1 to 999")
      .transform(Number),
    default: "20",
  }),
  CAUSEWAY_ATTACHMENT_DAYS: variable({
    doc: "Number of days after which the content of a file is erased.",
    schema: days,
    default: null,
    unset: "as long as its session exists",
  }),
  CAUSEWAY_EVENT_LOG_DAYS: variable({
    doc: "Number of days for which the log of event rules is kept. Records that prevent a second run stay longer.",
    schema: days,
    default: "90",
  }),
  CAUSEWAY_OIDC_ISSUER: variable({
    doc: "The OpenID Connect provider with which people sign in to the console, such as `https://login.example.org/realms/staff`. It needs `CAUSEWAY_OIDC_CLIENT_ID`.",
    schema: z.string().superRefine((text, check) => {
      const problem = issuerProblem(text);
      if (problem !== null) check.addIssue({ code: "custom", message: problem });
    }),
    default: null,
    unset: "people sign in with an API key",
  }),
  CAUSEWAY_OIDC_CLIENT_ID: variable({
    doc: "The id of the console at the provider. Register `CAUSEWAY_PUBLIC_URL/console/oidc/callback` there as its redirect URI.",
    schema: z.string(),
    default: null,
  }),
  CAUSEWAY_OIDC_CLIENT_SECRET: variable({
    doc: "The secret of the console at the provider.",
    schema: z.string(),
    default: null,
    unset: "a public client, which PKCE protects",
  }),
  CAUSEWAY_OIDC_ROLE_CLAIM: variable({
    doc: "The claim that names the role: `viewer`, `agent`, `operator` or `owner`, alone or in a list, also as `causeway-agent`. A dotted path leads into objects (`realm_access.roles`).",
    schema: z.string(),
    default: "roles",
  }),
  CAUSEWAY_OIDC_SCOPE: variable({
    doc: "The scopes that are asked for, separated by spaces. Some providers give groups only for a scope `groups`.",
    schema: z.string().regex(/(?:^| )openid(?: |$)/, "write scopes with openid among them"),
    default: "openid profile email",
  }),
  CAUSEWAY_AUDIT_DAYS: variable({
    doc: "Number of days for which the record of changes made over the API is kept.",
    schema: days,
    default: "365",
  }),
  CAUSEWAY_RETENTION_DAYS: variable({
    doc: "Number of days after its last change until a session is erased, with its messages, files, executions, deliveries and events. `retentionDays` of an agent replaces it.",
    schema: days,
    default: null,
    unset: "sessions are kept for ever",
  }),
  AWS_ACCESS_KEY_ID: variable({
    doc: "Access key of the bucket.",
    schema: z.string(),
    default: null,
  }),
  AWS_SECRET_ACCESS_KEY: variable({
    doc: "Secret of that access key.",
    schema: z.string(),
    default: null,
  }),
  AWS_SESSION_TOKEN: variable({
    doc: "Session token of temporary credentials.",
    schema: z.string(),
    default: null,
  }),
  CAUSEWAY_KEY_STREAMS: variable({
    doc: "Streams and WebSockets that one API key may have open, on each process. Beyond the limit, the answer is 429.",
    schema: rate,
    default: "6000",
  }),
  CAUSEWAY_STOP_SECONDS: variable({
    doc: "Time limit for a stop, in seconds. After it, unfinished work is released. Kubernetes kills after 30 s, systemd after 90 s, Docker after 10 s.",
    schema: z
      .string()
      .regex(/^[1-9]\d{0,3}$/, "write a whole number of seconds from 1 to 9999")
      .transform(Number),
    default: "25",
  }),
  DATABASE_URL: variable({
    doc: "URL of your own Postgres: `postgres://…`.",
    schema: postgresUrl,
    default: null,
    unset: "an embedded Postgres in the data directory",
  }),
  CAUSEWAY_DATABASE_CONNECTIONS: variable({
    doc: "Connections to Postgres that one process opens at most for its statements, 4 or more. If the queue runs on Postgres, it opens two fifths as many in addition. A few more only listen.",
    schema: z
      .string()
      .regex(/^[1-9]\d{0,3}$/, "write a whole number from 4 to 9999")
      .transform(Number)
      .refine((count) => count >= 4, "write a whole number from 4 to 9999"),
    default: "20",
  }),
  REDIS_URL: variable({
    doc: "URL of a Redis or Valkey for the queue: `redis://…` or `rediss://…`. For a cluster, write any of its nodes, or several separated by commas.",
    schema: redisUrls,
    default: null,
    unset: "the queue runs on Postgres",
  }),
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
  LOG_LEVEL: variable({
    doc: "The lowest level that is logged: `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`.",
    schema: z.enum(
      ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
      "write trace, debug, info, warn, error, fatal or silent",
    ),
    default: "info",
  }),
};

/** The process environment merged over the `.env` file of `directory`. The process environment wins. */
export function readEnvironment(directory: string = process.cwd()): Environment {
  const file = join(directory, ".env");
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : {};
  return { ...fromFile, ...process.env };
}

/** Puts variables where packages read them: some may be only in `.env`. */
export function giveToPackages(values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) process.env[name] ??= value;
}
