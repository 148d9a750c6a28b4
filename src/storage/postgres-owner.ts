import pg from "pg";
import { StartupError } from "../core/errors.ts";

/** Spells "CAUS"; with the 1 it names the right to run the embedded server. */
const OWNER_LOCK = [0x43415553, 1];
const OWNER_NAME = "causeway-owner-";

/** What knocking at the embedded server's door gave. */
export type Knock =
  /** Connected, and the owner's lock is ours for as long as this connection lives. */
  | { kind: "owned"; client: pg.Client; serverPid: number }
  /** Another process owns this server. */
  | { kind: "held"; ownerPid: number | null }
  /** A server is there and is starting or stopping. */
  | { kind: "busy" }
  | { kind: "absent" };

/**
 * Tries to become the owner of the server at a socket. The lock is an advisory one held by a connection, so the
 * operating system itself lets go of it when its holder dies: there is no lock file to go stale.
 */
export async function knock(socketDir: string, password: string): Promise<Knock> {
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

function refusal(error: unknown): Knock {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT" || code === "ECONNREFUSED") return { kind: "absent" };
  if (code === "28P01") {
    throw new StartupError(
      "The embedded database does not accept the password in postgres-password. " +
        "Restore that file from the same backup as the database files.",
      { cause: error },
    );
  }
  // 57P03: starting up or shutting down; the rest is a server that went away while we were talking.
  return { kind: "busy" };
}
