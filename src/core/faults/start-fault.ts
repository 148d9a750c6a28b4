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

/** Faults of the server's certificate, by the codes of Node. */
const CERTIFICATE = /^(CERT_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

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
  if (CERTIFICATE.test(code)) {
    return (
      `The Postgres of DATABASE_URL shows a certificate that this machine does not trust (${message}). ` +
      "Name its authority with NODE_EXTRA_CA_CERTS, or correct the host in DATABASE_URL."
    );
  }
  const spoken = spokenFault(message, role);
  if (spoken !== null) return spoken;
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
    case "57P03":
      return `The Postgres of DATABASE_URL takes no connections yet (${message}). Start the service again once it does.`;
    case "25006":
      return "The Postgres of DATABASE_URL is a copy that can only be read. Write the address of the primary server.";
    case "53300":
      return "The Postgres of DATABASE_URL has no connection left. Raise its max_connections, or stop other clients.";
    default:
      return null;
  }
}

/** The faults that the client of Postgres names by its words alone. */
function spokenFault(message: string, role: string): string | null {
  if (/does not support SSL/.test(message))
    return "The Postgres of DATABASE_URL takes no encrypted connections. Take sslmode out of DATABASE_URL.";
  if (/client password must be/.test(message))
    return `The Postgres of DATABASE_URL wants a password for the role "${role}". Write it into DATABASE_URL.`;
  if (/no encryption/.test(message))
    return `The Postgres of DATABASE_URL takes encrypted connections only. Add ?sslmode=require to DATABASE_URL.`;
  return /Connection terminated|timeout exceeded when trying to connect/.test(message)
    ? "What answers at the address of DATABASE_URL is no Postgres, or it hangs up. Correct DATABASE_URL."
    : null;
}
