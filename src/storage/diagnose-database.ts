import pg from "pg";
import { StartupError } from "../core/faults/errors.ts";
import { errorFinding, type Finding, okFinding, warningFinding } from "../core/faults/finding.ts";
import { missingMigrations } from "./migration-record.ts";

/** The Postgres version that the tests use. */
const TESTED_VERSION = 18;
/**
 * Maximum difference between the two clocks. Times come from both, so a larger difference makes retries and timeouts
 * wrong.
 */
const MAX_SKEW_MS = 5_000;

interface ServerFacts {
  version: number;
  now: Date;
  max_connections: number;
  fsync: string;
  synchronous_commit: string;
  read_only: string;
  may_create: boolean;
}

const FACTS = `SELECT current_setting('server_version_num')::int / 10000 AS version, clock_timestamp() AS now,
  current_setting('max_connections')::int AS max_connections, current_setting('fsync') AS fsync,
  current_setting('synchronous_commit') AS synchronous_commit, current_setting('transaction_read_only') AS read_only,
  has_database_privilege(current_database(), 'CREATE')
    AND has_schema_privilege(current_schema(), 'CREATE') AS may_create`;

/**
 * Checks a given Postgres: it is reachable, keeps what it commits, and has our tables. Changes nothing.
 * @param connectionsPerProcess the most connections that one process of the service opens.
 */
export async function diagnoseDatabase(url: string, connectionsPerProcess: number): Promise<Finding[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<ServerFacts>(FACTS);
    const facts = rows[0];
    if (facts === undefined) return [];
    return [
      okFinding("", `Postgres ${facts.version} answers.`),
      ...serverFindings(facts, connectionsPerProcess),
      ...(await migrationFindings(client, facts.may_create)),
    ];
  } catch (error) {
    return [errorFinding("", `Postgres cannot be used: ${reasonOf(error)}.`, fixOf(error))];
  } finally {
    await client.end().catch(() => undefined);
  }
}

function serverFindings(facts: ServerFacts, connectionsPerProcess: number): Finding[] {
  const findings: Finding[] = [];
  if (facts.version < TESTED_VERSION)
    findings.push(
      warningFinding(
        "",
        `The tests run on Postgres ${TESTED_VERSION}, and this one is older.`,
        "use Postgres 18 if you can",
      ),
    );
  if (facts.read_only === "on")
    findings.push(errorFinding("", "The database takes no writes: it is a replica.", "name the primary"));
  if (facts.fsync !== "on" || facts.synchronous_commit === "off")
    findings.push(
      errorFinding(
        "",
        `The server may lose committed data (fsync ${facts.fsync}, synchronous_commit ${facts.synchronous_commit}).`,
        "set both to on, so that acknowledged messages are stored",
      ),
    );
  if (facts.max_connections < connectionsPerProcess)
    findings.push(
      warningFinding(
        "",
        `The server allows ${facts.max_connections} connections, and one process opens up to ${connectionsPerProcess}.`,
        "raise max_connections, lower CAUSEWAY_DATABASE_CONNECTIONS, or put a pooler in session mode in front",
      ),
    );
  const skewMs = Date.now() - facts.now.getTime();
  if (Math.abs(skewMs) > MAX_SKEW_MS)
    findings.push(
      warningFinding(
        "",
        `Its clock differs from ours by ${Math.round(Math.abs(skewMs) / 1000)} s.`,
        "run NTP on both machines",
      ),
    );
  return findings;
}

async function migrationFindings(client: pg.Client, mayCreate: boolean): Promise<Finding[]> {
  try {
    const missing = await missingMigrations(client);
    if (missing.length === 0) return [okFinding("", "The tables are those of this release.")];
    if (mayCreate) return [okFinding("", `${missing.length} migrations are applied at the next start.`)];
    return [
      errorFinding(
        "",
        `${missing.length} migrations are missing, and this role may not create tables.`,
        "let the role that owns the tables start the service once (docs/security.md)",
      ),
    ];
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return [errorFinding("", error.message, "do what the message says")];
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? ` (${error.code})` : "";
  return `${error.message || error.name}${code}`;
}

function fixOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "28P01" || code === "28000") return "check the user and the password";
  if (code === "3D000") return "create the database, or name one that exists";
  return "check host and port, that the server runs, and that it may be reached from here";
}
