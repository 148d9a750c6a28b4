import pg from "pg";
import { StartupError } from "../../core/faults/errors.ts";

/** Key of the advisory lock that allows a process to run the embedded server. The first number spells "CAUS". */
const OWNER_LOCK = [0x43415553, 1];
const OWNER_NAME = "causeway-owner-";

/** Result of an attempt to become the owner of the embedded server. */
export type OwnershipResult =
  /** Connected. This process holds the owner's lock as long as this connection lives. */
  | { kind: "owned"; client: pg.Client; serverPid: number }
  /** Another process owns this server. */
  | { kind: "held"; ownerPid: number | null }
  /** A server exists, and it is starting or stopping. */
  | { kind: "busy" }
  | { kind: "absent" };

/**
 * Tries to become the owner of the server at a socket. A connection holds the advisory lock. When its process dies, the
 * operating system closes the connection and frees the lock. So no lock file can become stale.
 */
export async function tryToOwn(socketDir: string, password: string): Promise<OwnershipResult> {
  const client = new pg.Client({
    host: socketDir,
    port: 5432,
    user: "postgres",
    password,
    database: "postgres",
    application_name: `${OWNER_NAME}${process.pid}`,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ owned: boolean; holder: string | null }>(
      `SELECT pg_try_advisory_lock($1::int, $2::int) AS owned, (
         SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
          WHERE l.locktype = 'advisory' AND l.classid = $1::int::oid AND l.objid = $2::int::oid AND l.granted
          LIMIT 1) AS holder`,
      OWNER_LOCK,
    );
    if (rows[0]?.owned) return { kind: "owned", client, serverPid: await postmasterPid(client) };
    const ownerPid = Number(rows[0]?.holder?.slice(OWNER_NAME.length));
    await client.end();
    return { kind: "held", ownerPid: Number.isInteger(ownerPid) && ownerPid > 0 ? ownerPid : null };
  } catch (error) {
    await client.end().catch(() => undefined);
    return refusal(error);
  }
}

async function postmasterPid(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ line: string }>(
    "SELECT pg_read_file('postmaster.pid', 0, 20) AS line",
  );
  return Number.parseInt(rows[0]?.line ?? "", 10);
}

function refusal(error: unknown): OwnershipResult {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT" || code === "ECONNREFUSED") return { kind: "absent" };
  if (code === "28P01") {
    throw new StartupError(
      "The embedded database does not accept the password in postgres-password. " +
        "Restore that file from the same backup as the database files.",
      { cause: error },
    );
  }
  // 57P03 means: starting up or shutting down. Any other error comes from a server that stopped during the call.
  return { kind: "busy" };
}
