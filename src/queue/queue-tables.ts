import {
  assertSchemaCompatibility,
  LATEST_SCHEMA_VERSION,
  runMigrations,
  SchemaMigrationRequiredError,
} from "bullmq";
import type { PoolClient } from "pg";
import type { QueueConnections } from "./queue-connections.ts";

/** Creates BullMQ's tables, or brings them up to date. */
export async function prepareQueueTables({ connect }: Pick<QueueConnections, "connect">): Promise<void> {
  // The queue's statements use this connection afterwards.
  const client = await connect();
  let changed = true;
  try {
    // Creating tables needs a right that a service with a separate role lacks. If the tables exist, it does not need
    // it.
    if ((await schemaVersion(client)) >= LATEST_SCHEMA_VERSION) changed = false;
    else {
      // Keep the new tables through a crash: without them every queue would stop until a restart.
      await client.query("SET synchronous_commit = on");
      await runMigrations(client);
    }
  } finally {
    client.release(changed);
  }
}

/** Schema version of BullMQ's tables; 0 if there are none. */
async function schemaVersion(client: PoolClient): Promise<number> {
  return await assertSchemaCompatibility(client).catch((error: unknown) => {
    if (error instanceof SchemaMigrationRequiredError) return 0;
    throw error;
  });
}
