import pg from "pg";
import { StartupError } from "../core/errors.ts";
import { broken, doubtful, type Finding, well } from "../core/finding.ts";
import { missingMigrations } from "./migrate.ts";

/** The release the tests run on. */
const TESTED_VERSION = 18;
/** Times come from both clocks; more apart than this and retries and time-outs look odd. */
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
 * Looks at a given Postgres: whether it can be reached, keeps what it commits, and knows our tables. Changes nothing.
 * @param connectionsPerProcess what one process of the service opens at most.
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
      well("", `Postgres ${facts.version} answers.`),
      ...serverFindings(facts, connectionsPerProcess),
      ...(await migrationFindings(client, facts.may_create)),
    ];
  } catch (error) {
    return [broken("", `Postgres cannot be used: ${reasonOf(error)}.`, fixOf(error))];
  } finally {
    await client.end().catch(() => undefined);
  }
}

function serverFindings(facts: ServerFacts, connectionsPerProcess: number): Finding[] {
  const findings: Finding[] = [];
  if (facts.version < TESTED_VERSION)
    findings.push(
      doubtful(
        "",
        `The tests run on Postgres ${TESTED_VERSION}; this is older.`,
        "use Postgres 18 where you can",
      ),
    );
  if (facts.read_only === "on")
    findings.push(broken("", "The database takes no writes: it is a replica.", "name the primary"));
  if (facts.fsync !== "on" || facts.synchronous_commit === "off")
    findings.push(
      broken(
        "",
        `The server may lose what it has committed (fsync ${facts.fsync}, synchronous_commit ${facts.synchronous_commit}).`,
        "set both to on: an acknowledged message must be a stored one",
      ),
    );
  if (facts.max_connections < connectionsPerProcess)
    findings.push(
      doubtful(
        "",
        `The server allows ${facts.max_connections} connections, and one process opens up to ${connectionsPerProcess}.`,
        "raise max_connections, or put a pooler in session mode in front",
      ),
    );
  const skewMs = Date.now() - facts.now.getTime();
  if (Math.abs(skewMs) > MAX_SKEW_MS)
    findings.push(
      doubtful(
        "",
        `Its clock is ${Math.round(Math.abs(skewMs) / 1000)} s off ours.`,
        "run NTP on both machines",
      ),
    );
  return findings;
}

async function migrationFindings(client: pg.Client, mayCreate: boolean): Promise<Finding[]> {
  try {
    const missing = await missingMigrations(client);
    if (missing.length === 0) return [well("", "The tables are those of this release.")];
    if (mayCreate) return [well("", `${missing.length} migrations are applied at the next start.`)];
    return [
      broken(
        "",
        `${missing.length} migrations are missing, and this role may not make tables.`,
        "let the role that owns the tables start the service once (docs/security.md)",
      ),
    ];
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return [broken("", error.message, "the sentence before says what to do")];
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
