// `npm run attack`: attacks a fresh service in every known way. It prints a Markdown table of the longest wait of other
// clients, during each attack and without one.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "causeway-attack-"));
const report = join(folder, "report.md");
const { status } = spawnSync(
  process.execPath,
  [
    join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    "--config",
    "test/vitest.config.ts",
    "--project",
    "postgres-queue",
    "test/attack",
  ],
  {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, CAUSEWAY_ATTACK_REPORT: report },
  },
);
if (existsSync(report)) process.stdout.write(readFileSync(report, "utf8"));
rmSync(folder, { recursive: true, force: true });
process.exit(status ?? 1);
