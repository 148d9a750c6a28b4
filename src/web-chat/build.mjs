// Builds the hosted chat page into dist/web-chat: TypeScript modules as they are, style and icon copied beside them.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const output = process.argv[2] ?? here("../../dist/web-chat");

rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
const tsc = here("../../node_modules/typescript/bin/tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", here("tsconfig.json"), "--outDir", output], {
  stdio: "inherit",
});
for (const file of ["chat.css", "icon.svg"]) copyFileSync(here(file), `${output}/${file}`);
process.exit(status ?? 1);
