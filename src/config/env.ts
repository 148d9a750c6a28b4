import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { oidcVariables } from "./variables/oidc-variables.ts";
import { serverVariables } from "./variables/server-variables.ts";
import { storageVariables } from "./variables/storage-variables.ts";
import { tracingVariables } from "./variables/tracing-variables.ts";

/**
 * The environment variables of the service. An empty value counts as unset, because compose files write `NAME=` for
 * that.
 */
export type Environment = Readonly<Record<string, string | undefined>>;

/** All variables that the service reads. The table in `docs/settings.md` and `.env.example` are generated from this. */
export const variables = {
  ...serverVariables,
  ...storageVariables,
  ...oidcVariables,
  ...tracingVariables,
};

/** The process environment merged over the `.env` file of `directory`. The process environment wins. */
export function readEnvironment(directory: string = process.cwd()): Environment {
  const file = join(directory, ".env");
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : {};
  return { ...fromFile, ...process.env };
}

/** Puts variables where packages read them: some may be only in `.env`. */
export function giveToPackages(values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) process.env[name] ??= value;
}
