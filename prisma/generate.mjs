// Generates the Prisma client. The CLI insists on a schema-engine binary that generating never runs and that
// installing would download; naming any existing file satisfies it, so this works without reaching Prisma's host.
// With --if-stale it does nothing where the client was made from this very schema.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const stamp = fileURLToPath(new URL("../src/storage/generated/.made-from", import.meta.url));
const madeFrom = createHash("sha256")
  .update(readFileSync(new URL("schema.prisma", import.meta.url)))
  .update(readFileSync(new URL("../node_modules/prisma/package.json", import.meta.url)))
  .digest("hex");
const upToDate = existsSync(stamp) && readFileSync(stamp, "utf8") === madeFrom;
if (process.argv.includes("--if-stale") && upToDate) process.exit(0);

const cli = fileURLToPath(new URL("../node_modules/prisma/build/index.js", import.meta.url));
const result = spawnSync(
  process.execPath,
  [cli, "generate", "--no-hints", `--config=${here}prisma.config.ts`, `--schema=${here}schema.prisma`],
  {
    encoding: "utf8",
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: "1" },
  },
);
if (result.status !== 0) {
  process.stderr.write(`${result.stdout}${result.stderr}\nprisma generate failed\n`);
  process.exit(1);
}
writeFileSync(stamp, madeFrom);
