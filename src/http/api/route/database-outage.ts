import { isDatabaseOutage } from "../../../core/faults/database-outage.ts";
import { RequestError } from "../../../core/faults/errors.ts";

/** A 503 if the error is a database outage; null for any other error. Callers may simply try again. */
export function databaseOutage(error: unknown): RequestError | null {
  if (error instanceof RequestError || !isDatabaseOutage(error)) return null;
  return new RequestError(
    503,
    "database_unavailable",
    "The database is unavailable at the moment. Try again.",
    {
      headers: { "Retry-After": "2" },
      cause: error,
    },
  );
}
