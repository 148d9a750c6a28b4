// Writes the next migration: what schema.prisma declares and the migrations do not give yet. Applies nothing to any
// database but one of its own. Usage, after a build: node prisma/migrate-dev.mjs <name>
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { schemaDrift } from "./schema-engine.mjs";

const name = process.argv[2];
if (!name || !/^[a-z0-9_]+$/.test(name)) {
  process.stderr.write("Usage: node prisma/migrate-dev.mjs <name in lower_case>\n");
  process.exit(1);
}
const built = new URL("../dist/storage/", import.meta.url);
const { startEmbeddedPostgres } = await import(new URL("embedded-postgres.js", built));
const { applyMigrations } = await import(new URL("migrate.js", built));
const silent = { child: () => silent, debug() {}, info() {}, warn() {}, error() {} };

const dataDir = await mkdtemp(join(tmpdir(), "causeway-migration-"));
const server = await startEmbeddedPostgres({ dataDir, log: silent, durable: false });
try {
  const pool = new pg.Pool({ connectionString: server.url });
  await applyMigrations(pool, silent);
  await pool.end();
  const sql = await schemaDrift({ databaseUrl: server.url });
  if (sql === "") {
    process.stdout.write("The migrations already give what schema.prisma declares.\n");
  } else {
    const stamp = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
    const directory = fileURLToPath(new URL(`migrations/${stamp}_${name}/`, import.meta.url));
    await mkdir(directory);
    await writeFile(join(directory, "migration.sql"), `${sql}\n`);
    process.stdout.write(`Wrote ${directory}migration.sql\n`);
  }
} finally {
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
}
