import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { z } from "zod";
import { fileStoreProblem } from "./file-store-place.ts";
import { publicUrlProblem } from "./public-url.ts";
import { redisUrlsProblem, splitRedisUrls } from "./redis-urls.ts";

/** The variables the service was started with. Empty counts as not set: compose files pass `NAME=` for that. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One variable: what it is for, what may stand in it (the text of the variable goes in), and what it is without. */
export interface Variable<T> {
  doc: string;
  schema: z.ZodType<T, string>;
  /** As it would be written; null where being unset has a meaning of its own, which `unset` puts in words. */
  default: string | null;
  unset?: string;
}

function variable<T, D extends string | null>(
  definition: Variable<T> & { default: D },
): Variable<T> & { default: D } {
  return definition;
}

const postgresUrl = urlOf(["postgres:", "postgresql:"], "write postgres://user:password@host:5432/database");

const redisUrls = z
  .string()
  .transform(splitRedisUrls)
  .superRefine((urls, check) => {
    const problem = redisUrlsProblem(urls);
    if (problem !== null) check.addIssue({ code: "custom", message: problem });
  });

const rate = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, "write a whole number, 1 or more")
  .transform(Number);

const days = z
  .string()
  .regex(/^[1-9]\d{0,4}$/, "write a whole number of days, 1 or more")
  .transform(Number);

/** Every variable the service itself reads. The README's table and `.env.example` are made from this. */
export const variables = {
  PORT: variable({
    doc: "Port of the HTTP server. `0` takes any free one.",
    schema: z
      .string()
      .regex(/^\d{1,5}$/, "write a port number from 0 to 65535")
      .transform(Number)
      .refine((port) => port <= 65_535, "write a port number from 0 to 65535"),
    default: "3000",
  }),
  HOST: variable({
    doc: "Address the HTTP server listens on. `0.0.0.0` to be reached from other machines.",
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
    default: "./channels.config.json",
  }),
  CAUSEWAY_DATA_DIR: variable({
    doc: "Where the embedded database and generated secrets (mode 0600) are kept.",
    schema: z.string(),
    default: "./.causeway",
  }),
  CAUSEWAY_PUBLIC_URL: variable({
    doc: "The URL at which platforms reach the service: signatures are checked against it, webhooks registered with it.",
    schema: z.string().superRefine((text, check) => {
      const problem = publicUrlProblem(text);
      if (problem !== null) check.addIssue({ code: "custom", message: problem });
    }),
    default: null,
    unset: "`http://HOST:PORT`",
  }),
  CAUSEWAY_API_KEY: variable({
    doc: "The first operator key, with all scopes; such as the output of `openssl rand -hex 32`.",
    schema: z.string().regex(/^[\x21-\x7e]{1,256}$/, "write up to 256 printable characters without spaces"),
    default: null,
    unset: "generated at first start and kept in the data directory",
  }),
  CAUSEWAY_ROLE: variable({
    doc: "`web` receives and answers HTTP, `worker` runs turns and deliveries, `all` does both.",
    schema: z.enum(["all", "web", "worker"], "write all, web or worker"),
    default: "all",
  }),
  CAUSEWAY_KEY_RATE: variable({
    doc: "Requests one API key may make per minute, on each process; five seconds' worth at once. Beyond: 429 with `Retry-After`.",
    schema: rate,
    default: "60000",
  }),
  CAUSEWAY_USER_RATE: variable({
    doc: "Messages one user may send per minute over the API, whatever the key, on each process; five seconds' worth at once.",
    schema: rate,
    default: "600",
  }),
  CAUSEWAY_ATTACHMENTS: variable({
    doc: "Where the contents of files are kept: a directory, or `s3://bucket/prefix?endpoint=https://…&region=…` for an S3-compatible bucket. Processes on several machines need a bucket, or a directory they share.",
    schema: z.string().superRefine((text, check) => {
      const problem = fileStoreProblem(text);
      if (problem !== null) check.addIssue({ code: "custom", message: problem });
    }),
    default: null,
    unset: "`attachments` in the data directory",
  }),
  CAUSEWAY_ATTACHMENT_MIB: variable({
    doc: "The largest file that is taken, in MiB.",
    schema: z
      .string()
      .regex(/^[1-9]\d{0,2}$/, "write a whole number from 1 to 999")
      .transform(Number),
    default: "20",
  }),
  CAUSEWAY_ATTACHMENT_DAYS: variable({
    doc: "After how many days the content of a file is erased.",
    schema: days,
    default: null,
    unset: "kept as long as its session",
  }),
  CAUSEWAY_EVENT_LOG_DAYS: variable({
    doc: "How many days the log of what event rules did is kept; what must not happen twice is remembered for longer.",
    schema: days,
    default: "90",
  }),
  AWS_ACCESS_KEY_ID: variable({
    doc: "Who uses the bucket.",
    schema: z.string(),
    default: null,
  }),
  AWS_SECRET_ACCESS_KEY: variable({
    doc: "The secret that belongs to it.",
    schema: z.string(),
    default: null,
  }),
  AWS_SESSION_TOKEN: variable({
    doc: "For temporary credentials.",
    schema: z.string(),
    default: null,
  }),
  CAUSEWAY_KEY_STREAMS: variable({
    doc: "Streams and WebSockets one API key may hold open at a time, on each process. Beyond: 429.",
    schema: rate,
    default: "6000",
  }),
  DATABASE_URL: variable({
    doc: "A Postgres to use: `postgres://…`.",
    schema: postgresUrl,
    default: null,
    unset: "an embedded Postgres in the data directory",
  }),
  REDIS_URL: variable({
    doc: "A Redis or Valkey to run the queue on: `redis://…` or `rediss://…`. Of a cluster, any of its nodes, or several separated by commas.",
    schema: redisUrls,
    default: null,
    unset: "the queue runs on Postgres",
  }),
  LOG_LEVEL: variable({
    doc: "How much is logged: `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`.",
    schema: z.enum(
      ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
      "write trace, debug, info, warn, error, fatal or silent",
    ),
    default: "info",
  }),
};

/** The process's environment over the `.env` file of `directory`: what is set for real wins. */
export function readEnvironment(directory: string = process.cwd()): Environment {
  const file = join(directory, ".env");
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : {};
  return { ...fromFile, ...process.env };
}

function urlOf(protocols: readonly string[], instead: string): z.ZodType<string, string> {
  return z
    .string()
    .refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), instead);
}
