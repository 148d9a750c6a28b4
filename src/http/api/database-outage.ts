import { RequestError } from "../../core/errors.ts";

/** What Postgres, or the way to it, says while it is away or restarting. */
const OUTAGE_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "57P01", // terminated by an administrator
  "57P02", // a crash
  "57P03", // starting up or shutting down
  "08000",
  "08003",
  "08006",
]);
/** The driver has no codes for these. */
const OUTAGE_WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered)/;

/** A 503 for an error that only says that the database is away; null for any other. Callers may simply try again. */
export function databaseOutage(error: unknown): RequestError | null {
  if (!(error instanceof Error) || error instanceof RequestError) return null;
  const code = "code" in error ? error.code : undefined;
  // A Unix socket whose server is gone is a file that is not there.
  const socketGone = code === "ENOENT" && "syscall" in error && error.syscall === "connect";
  const known = typeof code === "string" ? OUTAGE_CODES.has(code) : OUTAGE_WORDS.test(error.message);
  if (!known && !socketGone) return null;
  return new RequestError(503, "database_unavailable", "The database is away for the moment. Try again.", {
    headers: { "Retry-After": "2" },
    cause: error,
  });
}
