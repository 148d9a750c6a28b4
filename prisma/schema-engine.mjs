// Prisma's schema engine as WebAssembly, for writing and proving migrations: the one the command line uses is a program
// that has to be downloaded from Prisma's host.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { PrismaPg } from "@prisma/adapter-pg";
import * as engineModule from "@prisma/schema-engine-wasm/schema_engine_bg";
import pg from "pg";

const require = createRequire(import.meta.url);
const schemaPath = fileURLToPath(new URL("schema.prisma", import.meta.url));

/**
 * The SQL that turns a migrated database into what a Prisma schema declares; empty where it already is.
 * @param {{ databaseUrl: string, schema?: string }} options a database with all migrations applied; the schema's text,
 *   that of `prisma/schema.prisma` where left out.
 * @returns {Promise<string>}
 */
export async function schemaDrift({ databaseUrl, schema }) {
  const content = schema ?? (await readFile(schemaPath, "utf8"));
  const files = [{ path: schemaPath, content }];
  const pool = new pg.Pool({ connectionString: databaseUrl });
  const engine = await openEngine(content, pool);
  try {
    const { stdout } = await engine.diff({
      from: { tag: "schemaDatasource", files, configDir: "." },
      to: { tag: "schemaDatamodel", files },
      script: true,
      exitCode: null,
      filters: { externalTables: ["public._prisma_migrations"], externalEnums: [] },
    });
    return (stdout ?? "").replace("-- This is an empty migration.", "").trim();
  } finally {
    engine.free();
    await pool.end();
  }
}

const POSTGRES_CHAR = 18;
const POSTGRES_TEXT = 25;

/**
 * The adapter knows no `"char"`, the one-byte type of Postgres's own catalog, which the engine reads a lot: it is given
 * to the adapter as text and to the engine as a character.
 */
function catalogAdapterFactory(pool, characterType) {
  const characterColumns = new WeakMap();
  const query = pool.query.bind(pool);
  pool.query = async (...args) => {
    const result = await query(...args);
    const found = (result.fields ?? []).flatMap((field, at) =>
      field.dataTypeID === POSTGRES_CHAR ? [at] : [],
    );
    for (const at of found) result.fields[at].dataTypeID = POSTGRES_TEXT;
    characterColumns.set(result.rows, found);
    return result;
  };
  const factory = new PrismaPg(pool);
  const connect = factory.connect.bind(factory);
  factory.connect = async () => {
    const adapter = await connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (statement) => {
      const result = await queryRaw(statement);
      for (const at of characterColumns.get(result.rows) ?? []) result.columnTypes[at] = characterType;
      return result;
    };
    return adapter;
  };
  return factory;
}

async function openEngine(schema, pool) {
  await loadWasm();
  // The adapter's own dependency: it makes a JavaScript adapter speak the engine's calling convention.
  const utils = createRequire(require.resolve("@prisma/adapter-pg"))("@prisma/driver-adapter-utils");
  const factory = catalogAdapterFactory(pool, utils.ColumnTypeEnum.Character);
  const adapter = utils.bindMigrationAwareSqlAdapterFactory(factory);
  return await engineModule.SchemaEngine.new(
    { datamodels: [[schemaPath, schema]] },
    () => undefined,
    adapter,
  );
}

let loaded;
function loadWasm() {
  loaded ??= (async () => {
    // Where the engine leaves the words of a panic; without it every panic reads "unreachable".
    globalThis.PRISMA_WASM_PANIC_REGISTRY = {
      set_message: (message) => process.stderr.write(`${message}\n`),
    };
    const path = require
      .resolve("@prisma/schema-engine-wasm")
      .replace("schema_engine.js", "schema_engine_bg.wasm");
    const { instance } = await WebAssembly.instantiate(await readFile(path), {
      "./schema_engine_bg.js": engineModule,
    });
    engineModule.__wbg_set_wasm(instance.exports);
    instance.exports.__wbindgen_start();
  })();
  return loaded;
}
