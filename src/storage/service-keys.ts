import { randomBytes } from "node:crypto";
import type { Pool } from "pg";

/**
 * Returns the random key of this name, the same for every process. The first process creates it. The key does not come
 * from an operator's secret. Otherwise anyone who sees a signature could guess that secret offline.
 */
export async function serviceKey(pool: Pool, name: string): Promise<Buffer> {
  await pool.query("INSERT INTO service_keys (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
    name,
    randomBytes(32),
  ]);
  const { rows } = await pool.query<{ value: Buffer }>("SELECT value FROM service_keys WHERE name = $1", [
    name,
  ]);
  const value = rows[0]?.value;
  if (value === undefined) throw new Error(`the service key ${name} is missing`);
  return value;
}
