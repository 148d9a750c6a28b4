// Generates the Prisma client. The CLI insists on a schema-engine binary that generating never runs and that
// installing would download; naming any existing file satisfies it, so this works without reaching Prisma's host.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
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
