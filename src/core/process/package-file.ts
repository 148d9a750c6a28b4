import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The directory of the nearest `package.json` above: this code runs from `src`, and bundled from `dist`. */
const ROOT = packageRoot(dirname(fileURLToPath(import.meta.url)));

/**
 * Returns the absolute path of a file that comes with this package.
 * @param path from the root of the package, such as `dist/console/`.
 */
export function packageFile(path: string): string {
  return join(ROOT, path);
}

function packageRoot(directory: string): string {
  if (existsSync(join(directory, "package.json"))) return directory;
  const parent = dirname(directory);
  if (parent === directory) throw new Error("no package.json above the program");
  return packageRoot(parent);
}
