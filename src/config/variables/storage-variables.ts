import { z } from "zod";
import { fileStoreProblem } from "../file-store-place.ts";
import { days, postgresUrl, redisUrls, variable } from "../variable.ts";

/** Variables of the database, the queue and the files, and of the time for which they are kept. */
export const storageVariables = {
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
  CAUSEWAY_ATTACHMENTS: variable({
    doc: "Storage for the contents of files: a directory, or an S3-compatible bucket (`s3://bucket/prefix?endpoint=https://…&region=…`). Processes on several machines need a bucket or a shared directory.",
    schema: z.string().superRefine((text, check) => {
      const problem = fileStoreProblem(text);
      if (problem !== null) check.addIssue({ code: "custom", message: problem });
    }),
    default: null,
    unset: "`attachments` in the data directory",
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
};
