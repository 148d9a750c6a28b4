import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The source as JavaScript, for tests that start and kill a separate process. Disposing removes it. */
export interface CompiledSource extends Disposable {
  /** Absolute path of a compiled file: `path("storage/migrate.js")`. */
  path(file: string): string;
}

/** The result of `npm run build`, if no source is newer. Null if one is, for example when a test runs alone. */
export function builtSource(): CompiledSource | null {
  const stamp = join(root, "dist", ".tsbuildinfo");
  const source = join(root, "src");
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !/^(web-chat|simulator-page|console)\//.test(name),
  );
  const newest = Math.max(...files.map((name) => statSync(join(source, name)).mtimeMs));
  if (!existsSync(stamp) || statSync(stamp).mtimeMs <= newest) return null;
  return { path: (file) => join(root, "dist", file), [Symbol.dispose]: () => undefined };
}

/**
 * Compiles the current `src`, unless it is built already. Types are not checked, and the output folder can find the
 * installed packages.
 */
export async function compileSource(): Promise<CompiledSource> {
  const built = builtSource();
  if (built) return built;
  const parent = join(root, "node_modules", ".causeway-test");
  await mkdir(parent, { recursive: true });
  const base = mkdtempSync(join(parent, "source-"));
  const flags = [
    "--outDir",
    join(base, "dist"),
    "--noCheck",
    "--incremental",
    "false",
    "--declaration",
    "false",
  ];
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const compiled = spawnSync(
    process.execPath,
    [tsc, "-p", join(root, "tsconfig.json"), "--tsBuildInfoFile", "null", ...flags],
    {
      encoding: "utf8",
    },
  );
  const remove = () => rmSync(base, { recursive: true, force: true });
  if (compiled.status !== 0) {
    remove();
    throw new Error(`compiling the source failed: ${compiled.stdout}${compiled.stderr}`);
  }
  return { path: (file) => join(base, "dist", file), [Symbol.dispose]: remove };
}
