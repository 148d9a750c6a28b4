import { resolve } from "node:path";
import type { z } from "zod";
import type { ConfigProblem } from "../core/errors.ts";
import { isSecretName } from "../core/secret-names.ts";
import { type Environment, type Variable, variables } from "./env.ts";
import { type FileStorePlace, fileStorePlace } from "./file-store-place.ts";
import { resolvePublicUrl } from "./public-url.ts";

/** The environment, parsed once. Paths are absolute. */
export interface Settings {
  port: number;
  host: string;
  configFiles: readonly string[];
  dataDir: string;
  publicUrl: { url: string; isPublic: boolean };
  /** Null: generate one at first start. */
  apiKey: string | null;
  role: "all" | "web" | "worker";
  /** Per minute, on each process. */
  rates: { perKey: number; perUser: number };
  /** Open at a time, on each process. */
  streamsPerKey: number;
  /** What is done with files: where they are kept, up to what size, and how long; null: as long as their session. */
  attachments: { place: FileStorePlace; limitBytes: number; keepDays: number | null };
  /** How long the event log is kept, days. */
  eventLogDays: number;
  /** Null: embedded Postgres. */
  databaseUrl: string | null;
  /** A Redis, or nodes of one Redis Cluster. Null: the queue runs on Postgres. */
  redisUrls: readonly string[] | null;
  logLevel: z.output<typeof variables.LOG_LEVEL.schema>;
}

/**
 * Parses the environment, collecting every problem. `settings` are of use only if there is none; until then a
 * default stands in for each value that could not be used, so that the files can be checked as well.
 */
export function parseSettings(
  env: Environment,
  directory: string = process.cwd(),
): { settings: Settings; problems: ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const readOptional = <T>(name: string, { schema }: Variable<T>): T | null => {
    const text = env[name];
    if (text === undefined || text === "") return null;
    const parsed = schema.safeParse(text);
    if (!parsed.success) problems.push(environmentProblem(name, text, parsed.error));
    return parsed.data ?? null;
  };
  const read = <T>(name: string, variable: Variable<T> & { default: string }): T =>
    readOptional(name, variable) ?? variable.schema.parse(variable.default);

  const port = read("PORT", variables.PORT);
  const host = read("HOST", variables.HOST);
  const publicUrl = readOptional("CAUSEWAY_PUBLIC_URL", variables.CAUSEWAY_PUBLIC_URL);
  const configFiles = read("CAUSEWAY_CONFIG", variables.CAUSEWAY_CONFIG);
  const dataDir = resolve(directory, read("CAUSEWAY_DATA_DIR", variables.CAUSEWAY_DATA_DIR));
  const files = fileStorePlace(readOptional("CAUSEWAY_ATTACHMENTS", variables.CAUSEWAY_ATTACHMENTS), {
    env,
    directory,
    dataDir,
  });
  problems.push(...files.problems);
  const settings = {
    port,
    host,
    configFiles: configFiles.map((file) => resolve(directory, file)),
    dataDir,
    publicUrl: resolvePublicUrl({ publicUrl, host, port }),
    apiKey: readOptional("CAUSEWAY_API_KEY", variables.CAUSEWAY_API_KEY),
    role: read("CAUSEWAY_ROLE", variables.CAUSEWAY_ROLE),
    streamsPerKey: read("CAUSEWAY_KEY_STREAMS", variables.CAUSEWAY_KEY_STREAMS),
    rates: {
      perKey: read("CAUSEWAY_KEY_RATE", variables.CAUSEWAY_KEY_RATE),
      perUser: read("CAUSEWAY_USER_RATE", variables.CAUSEWAY_USER_RATE),
    },
    attachments: {
      place: files.place,
      limitBytes: read("CAUSEWAY_ATTACHMENT_MIB", variables.CAUSEWAY_ATTACHMENT_MIB) * 1_048_576,
      keepDays: readOptional("CAUSEWAY_ATTACHMENT_DAYS", variables.CAUSEWAY_ATTACHMENT_DAYS),
    },
    eventLogDays: read("CAUSEWAY_EVENT_LOG_DAYS", variables.CAUSEWAY_EVENT_LOG_DAYS),
    databaseUrl: readOptional("DATABASE_URL", variables.DATABASE_URL),
    redisUrls: readOptional("REDIS_URL", variables.REDIS_URL),
    logLevel: read("LOG_LEVEL", variables.LOG_LEVEL),
  };
  return { settings, problems };
}

function environmentProblem(name: string, text: string, error: z.ZodError): ConfigProblem {
  // URLs carry passwords: the value is shown only where it cannot be a secret.
  const shown =
    isSecretName(name) || name.endsWith("_URL") ? "has a value that cannot be used" : `is "${text}"`;
  return {
    path: `environment: ${name}`,
    problem: shown,
    fix: error.issues.map((issue) => issue.message).join("; "),
  };
}
