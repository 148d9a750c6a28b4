/** Error codes of Postgres and of the network while the database is away or restarting. */
const OUTAGE_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPIPE",
  "ETIMEDOUT",
  "57P01", // terminated by an administrator
  "57P02", // a crash
  "57P03", // starting up or shutting down
  "08000",
  "08003",
  "08006",
  "53000", // no resources: disk space, memory, connections
  "53100",
  "53200",
  "53300",
]);
/** A database that is closed for maintenance. Other problems use the same code, so the text is checked too. */
const CLOSED = { code: "55000", words: /not currently accepting connections/ };
/** The driver has no codes for these. */
const OUTAGE_WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered|Query read timeout)/;

/** A failed statement of Prisma. Its cause is the driver's error. */
export class FailedStatement extends Error {}

/**
 * Returns true if an error means only that the database, or the connection to it, is away. The statement may still have
 * run: its answer was lost, but perhaps not its effect.
 */
export function isDatabaseOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof FailedStatement) return isDatabaseOutage(error.cause);
  const code = "code" in error ? error.code : undefined;
  // A Unix socket whose server is gone looks like a missing file.
  if (code === "ENOENT" && "syscall" in error && error.syscall === "connect") return true;
  if (code === CLOSED.code) return CLOSED.words.test(error.message);
  return typeof code === "string" ? OUTAGE_CODES.has(code) : OUTAGE_WORDS.test(error.message);
}
