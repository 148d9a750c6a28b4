import { StartupError } from "./errors.ts";

/** The places outside this process that a start needs. */
export interface StartPlaces {
  dataDir: string;
  /** Null: the embedded Postgres. */
  databaseUrl: string | null;
}

/** Returns a sentence with a fix for a fault of the data directory or of Postgres. Any other error is returned as it is. */
export function explainStart(error: unknown, places: StartPlaces): unknown {
  if (error instanceof StartupError) return error;
  const fault = causesOf(error)
    .map((cause) => directoryFault(cause, places) ?? databaseFault(cause, places))
    .find((text) => text !== null);
  return fault === undefined ? error : new StartupError(fault, { cause: error });
}

interface SystemFault {
  code: string;
  message: string;
  path: string | null;
}

function causesOf(error: unknown): SystemFault[] {
  if (!(error instanceof Error)) return [];
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const path = "path" in error && typeof error.path === "string" ? error.path : null;
  return [{ code, message: error.message, path }, ...causesOf(error.cause)];
}

function directoryFault({ code, path }: SystemFault, { dataDir }: StartPlaces): string | null {
  if (path === null || !(path.startsWith(dataDir) || dataDir.startsWith(path))) return null;
  const other = "or set CAUSEWAY_DATA_DIR to another directory.";
  switch (code) {
    case "EACCES":
    case "EPERM":
      return (
        `The data directory ${dataDir} cannot be used: ${path} belongs to another account. ` +
        `Give it to the account that runs the service (chown -R), ${other}`
      );
    case "ENOTDIR":
    case "EEXIST":
      return `The data directory ${dataDir} cannot be made, because a file stands in its place. Move the file, ${other}`;
    case "EROFS":
      return `The data directory ${dataDir} is on a file system that cannot be written. Mount it for writing, ${other}`;
    case "ENOSPC":
      return `The disk of the data directory ${dataDir} is full. Make room, ${other}`;
    default:
      return null;
  }
}

const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "ETIMEDOUT",
]);

function databaseFault({ code, message }: SystemFault, { databaseUrl }: StartPlaces): string | null {
  if (databaseUrl === null) return null;
  const { host, username } = new URL(databaseUrl);
  if (UNREACHABLE.has(code)) {
    return `The Postgres of DATABASE_URL cannot be reached at ${host} (${code}). Start it, or correct DATABASE_URL.`;
  }
  const role = decodeURIComponent(username);
  switch (code) {
    case "28P01":
      return `The Postgres of DATABASE_URL refuses the password of the role "${role}". Correct DATABASE_URL.`;
    case "28000":
      return `The Postgres of DATABASE_URL refuses the role "${role}" (${message}). Create the role, or correct DATABASE_URL.`;
    case "3D000":
      return `The Postgres of DATABASE_URL has no such database (${message}). Create it, or correct DATABASE_URL.`;
    case "42501":
      return (
        `The role "${role}" of DATABASE_URL may not do what the start needs (${message}). ` +
        "Run `causeway migrate` as the owner of the tables first, or grant the right."
      );
    case "53300":
      return "The Postgres of DATABASE_URL has no connection left. Raise its max_connections, or stop other clients.";
    default:
      return null;
  }
}
