import { resolve } from "node:path";
import type { BucketSettings } from "../core/bucket-settings.ts";
import type { ConfigProblem } from "../core/faults/errors.ts";
import type { Environment } from "./env.ts";

/** Storage of file contents: a directory or a bucket. */
export type FileStorePlace = { kind: "directory"; path: string } | ({ kind: "bucket" } & BucketSettings);

const HOW = "write a directory, or s3://bucket/prefix?endpoint=https://host&region=name";
const PARAMETERS: ReadonlySet<string> = new Set(["endpoint", "region"]);

/** Describes the problem of a storage place as text; null if there is none. */
export function fileStoreProblem(text: string): string | null {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(text)) return null;
  if (!text.startsWith("s3://") || !URL.canParse(text)) return HOW;
  const url = new URL(text);
  if (!/^[a-z0-9][a-z0-9.-]{1,62}$/.test(url.host)) return `${HOW}; a bucket has 3 to 63 of a-z 0-9 . -`;
  const unknown = [...url.searchParams.keys()].find((name) => !PARAMETERS.has(name));
  if (unknown !== undefined) return `${HOW}; there is no parameter "${unknown}"`;
  const endpoint = url.searchParams.get("endpoint");
  return endpoint === null || /^https?:\/\/[^/?#]+\/?$/.test(endpoint)
    ? null
    : `${HOW}; endpoint is a URL without a path`;
}

/**
 * Parses a storage place without problems (null: the data directory). Also returns problems, such as missing
 * credentials.
 */
export function fileStorePlace(
  text: string | null,
  from: { env: Environment; directory: string; dataDir: string },
): { place: FileStorePlace; problems: ConfigProblem[] } {
  if (text === null) return directory(resolve(from.dataDir, "attachments"));
  if (!text.startsWith("s3://")) return directory(resolve(from.directory, text));
  const { host, pathname, searchParams } = new URL(text);
  const region = searchParams.get("region") ?? "us-east-1";
  const path = decodeURIComponent(pathname).replace(/^\/+|\/+$/g, "");
  const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } = from.env;
  const missing = Object.entries({ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
  return {
    place: {
      kind: "bucket",
      bucket: host,
      prefix: path === "" ? "" : `${path}/`,
      endpoint: (searchParams.get("endpoint") ?? `https://s3.${region}.amazonaws.com`).replace(/\/$/, ""),
      region,
      accessKeyId,
      secretAccessKey,
      sessionToken: from.env.AWS_SESSION_TOKEN || null,
    },
    problems: missing
      .filter(([, value]) => value === "")
      .map(([name]) => ({
        path: `environment: ${name}`,
        problem: "is not set",
        fix: "set it to the credentials of the bucket that CAUSEWAY_ATTACHMENTS names",
      })),
  };
}

function directory(path: string): { place: FileStorePlace; problems: ConfigProblem[] } {
  return { place: { kind: "directory", path }, problems: [] };
}
