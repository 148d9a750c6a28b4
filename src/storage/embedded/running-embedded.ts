import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { socketPlace } from "./postgres-socket.ts";

/**
 * The URL of the embedded database that a running service has started; null if none runs. Its owner stays the owner:
 * this only makes one more connection.
 */
export async function runningEmbedded(directory: string): Promise<string | null> {
  const dataDir = await realpath(directory).catch(() => null);
  if (dataDir === null) return null;
  const password = await readFile(join(dataDir, "postgres-password"), "utf8").catch(() => null);
  if (password === null) return null;
  const host = encodeURIComponent(socketPlace(join(dataDir, "postgres")));
  const url = `postgres://postgres:${password.trim()}@localhost/causeway?host=${host}`;
  const client = new pg.Client(url);
  client.on("error", () => undefined);
  try {
    await client.connect();
    return url;
  } catch {
    return null;
  } finally {
    await client.end().catch(() => undefined);
  }
}
