import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** True if `npm run build` has run since the service's source last changed. */
export function isBuilt(): boolean {
  const program = join(root, "dist", "main.js");
  const source = join(root, "src");
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !/^(web-chat|simulator-page|console)\//.test(name),
  );
  const newest = Math.max(...files.map((name) => statSync(join(source, name)).mtimeMs));
  return existsSync(program) && statSync(program).mtimeMs > newest;
}
