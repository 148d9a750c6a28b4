import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { z } from "zod";
import type { ConfigProblem } from "../core/faults/errors.ts";
import type { TracingSettings } from "../core/trace/tracing-settings.ts";
import { type Environment, variables } from "./env.ts";
import { type FileStorePlace, fileStorePlace } from "./file-store-place.ts";
import { resolvePublicUrl } from "./public-url.ts";
import { createVariableReader, type VariableReader } from "./variable-reader.ts";

/** The parsed environment. Paths are absolute. */
export interface Settings {
  port: number;
  host: string;
  configFiles: readonly string[];
  /** True if a change of the configuration files reloads them. */
  watch: boolean;
  dataDir: string;
  publicUrl: { url: string; isPublic: boolean };
  /** Addresses and networks of the proxies in front of the service; `private` means all private networks. */
  trustedProxies: readonly string[];
  /** Null: the service generates a key at the first start. */
  apiKey: string | null;
  role: "all" | "web" | "worker";
  /** Kinds of channels that are all simulated. */
  simulate: readonly string[];
  /** Requests per minute, on each process. */
  rates: { perKey: number; perUser: number };
  /** Open streams at one time, on each process. */
  streamsPerKey: number;
  /**
   * Settings for files: storage place, size limit, and days until their content is erased. Null keeps it as long as the
   * session.
   */
  attachments: { place: FileStorePlace; limitBytes: number; keepDays: number | null };
  /** Days until an entry of the event log is deleted. */
  eventLogDays: number;
  /** The OpenID Connect provider of the console; null: none is configured. */
  oidc: {
    issuer: string;
    clientId: string;
    clientSecret: string | null;
    roleClaim: string;
    scope: string;
  } | null;
  /** Days until a record of a change made over the API is deleted. */
  auditDays: number;
  /** Days after its last change until a session is erased. Null: never, unless its agent says so. */
  retentionDays: number | null;
  /** Time limit of a stop, in seconds. */
  stopSeconds: number;
  /** Null: the embedded Postgres is used. */
  databaseUrl: string | null;
  /** Connections to Postgres for the statements of one process; those of the queue come in addition. */
  databaseConnections: number;
  /** A single Redis, or nodes of one Redis Cluster. Null: the queue runs on Postgres. */
  redisUrls: readonly string[] | null;
  /** Null: tracing is off. */
  tracing: TracingSettings | null;
  logLevel: z.output<typeof variables.LOG_LEVEL.schema>;
}

const tracingVariables = [
  "OTEL_EXPORTER_OTLP_HEADERS",
  "OTEL_EXPORTER_OTLP_PROTOCOL",
  "OTEL_SERVICE_NAME",
  "OTEL_TRACES_SAMPLER",
  "OTEL_TRACES_SAMPLER_ARG",
] as const;

/**
 * Parses the environment and collects every problem. Use `settings` only if there are none. Until then a default
 * replaces each invalid value, so that the files can also be checked.
 */
export function parseSettings(
  env: Environment,
  directory: string = process.cwd(),
): { settings: Settings; problems: ConfigProblem[] } {
  const reader = createVariableReader(env);
  const { read, readOptional, problems } = reader;
  const port = read("PORT", variables.PORT);
  const host = read("HOST", variables.HOST);
  const publicUrl = readOptional("CAUSEWAY_PUBLIC_URL", variables.CAUSEWAY_PUBLIC_URL);
  const configFiles = readOptional("CAUSEWAY_CONFIG", variables.CAUSEWAY_CONFIG) ?? [standardFile(directory)];
  const dataDir = resolve(directory, read("CAUSEWAY_DATA_DIR", variables.CAUSEWAY_DATA_DIR));
  const attachments = readAttachments(reader, { env, directory, dataDir });
  const oidc = readOidc(reader);
  const settings = {
    port,
    host,
    configFiles: configFiles.map((file) => resolve(directory, file)),
    watch: read("CAUSEWAY_WATCH", variables.CAUSEWAY_WATCH),
    dataDir,
    publicUrl: resolvePublicUrl({ publicUrl, host, port }),
    trustedProxies: read("CAUSEWAY_TRUSTED_PROXIES", variables.CAUSEWAY_TRUSTED_PROXIES),
    apiKey: readOptional("CAUSEWAY_API_KEY", variables.CAUSEWAY_API_KEY),
    role: read("CAUSEWAY_ROLE", variables.CAUSEWAY_ROLE),
    simulate: readOptional("CAUSEWAY_SIMULATE", variables.CAUSEWAY_SIMULATE) ?? [],
    streamsPerKey: read("CAUSEWAY_KEY_STREAMS", variables.CAUSEWAY_KEY_STREAMS),
    rates: {
      perKey: read("CAUSEWAY_KEY_RATE", variables.CAUSEWAY_KEY_RATE),
      perUser: read("CAUSEWAY_USER_RATE", variables.CAUSEWAY_USER_RATE),
    },
    attachments,
    eventLogDays: read("CAUSEWAY_EVENT_LOG_DAYS", variables.CAUSEWAY_EVENT_LOG_DAYS),
    oidc,
    auditDays: read("CAUSEWAY_AUDIT_DAYS", variables.CAUSEWAY_AUDIT_DAYS),
    retentionDays: readOptional("CAUSEWAY_RETENTION_DAYS", variables.CAUSEWAY_RETENTION_DAYS),
    stopSeconds: read("CAUSEWAY_STOP_SECONDS", variables.CAUSEWAY_STOP_SECONDS),
    databaseUrl: readOptional("DATABASE_URL", variables.DATABASE_URL),
    databaseConnections: read("CAUSEWAY_DATABASE_CONNECTIONS", variables.CAUSEWAY_DATABASE_CONNECTIONS),
    redisUrls: readOptional("REDIS_URL", variables.REDIS_URL),
    tracing: readTracing(reader, env),
    logLevel: read("LOG_LEVEL", variables.LOG_LEVEL),
  };
  return { settings, problems };
}

function readAttachments(
  { read, readOptional, problems }: VariableReader,
  at: { env: Environment; directory: string; dataDir: string },
): Settings["attachments"] {
  const { place, problems: found } = fileStorePlace(
    readOptional("CAUSEWAY_ATTACHMENTS", variables.CAUSEWAY_ATTACHMENTS),
    at,
  );
  problems.push(...found);
  return {
    place,
    limitBytes: read("CAUSEWAY_ATTACHMENT_MIB", variables.CAUSEWAY_ATTACHMENT_MIB) * 1_048_576,
    keepDays: readOptional("CAUSEWAY_ATTACHMENT_DAYS", variables.CAUSEWAY_ATTACHMENT_DAYS),
  };
}

function readOidc({ read, readOptional, problems }: VariableReader): Settings["oidc"] {
  const issuer = readOptional("CAUSEWAY_OIDC_ISSUER", variables.CAUSEWAY_OIDC_ISSUER);
  const clientId = readOptional("CAUSEWAY_OIDC_CLIENT_ID", variables.CAUSEWAY_OIDC_CLIENT_ID);
  if (issuer !== null && clientId === null) {
    problems.push({
      path: "environment: CAUSEWAY_OIDC_CLIENT_ID",
      problem: "is missing, but CAUSEWAY_OIDC_ISSUER is set",
      fix: "write the id of the console at the provider, or remove CAUSEWAY_OIDC_ISSUER",
    });
  }
  const rest = {
    clientSecret: readOptional("CAUSEWAY_OIDC_CLIENT_SECRET", variables.CAUSEWAY_OIDC_CLIENT_SECRET),
    roleClaim: read("CAUSEWAY_OIDC_ROLE_CLAIM", variables.CAUSEWAY_OIDC_ROLE_CLAIM),
    scope: read("CAUSEWAY_OIDC_SCOPE", variables.CAUSEWAY_OIDC_SCOPE),
  };
  return issuer === null || clientId === null ? null : { issuer, clientId, ...rest };
}

/** Only the packages read these variables. They are checked here, because the packages ignore what is wrong. */
function readTracing({ read, readOptional }: VariableReader, env: Environment): TracingSettings | null {
  const endpoint = readOptional("OTEL_EXPORTER_OTLP_ENDPOINT", variables.OTEL_EXPORTER_OTLP_ENDPOINT);
  for (const name of tracingVariables) readOptional(name, variables[name]);
  const showsText = read("CAUSEWAY_TRACE_CONTENT", variables.CAUSEWAY_TRACE_CONTENT);
  if (endpoint === null || env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true") return null;
  const own = Object.entries(env).flatMap(([name, value]) =>
    name.startsWith("OTEL_") && value ? [[name, value] as const] : [],
  );
  return { showsText, environment: Object.fromEntries(own) };
}

/**
 * Returns the default configuration file. Git ignores the local file, so that a code update never conflicts with the
 * operator's changes.
 */
function standardFile(directory: string): string {
  const local = "channels.config.local.json";
  return existsSync(resolve(directory, local)) ? local : "channels.config.json";
}
