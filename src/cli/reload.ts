import type { Environment } from "../config/env.ts";
import { parseSettings } from "../config/settings.ts";
import { runningPids } from "../core/process/pid-file.ts";

/**
 * Asks every process that serves from the data directory to read its configuration again. True if there is
 * one.
 */
export function askToReload(
  env: Environment,
  print: (line: string) => void,
  directory = process.cwd(),
): boolean {
  const { settings, problems } = parseSettings(env, directory);
  for (const { path, problem, fix } of problems) print(`${path} ${problem}: ${fix}`);
  if (problems.length > 0) return false;
  const pids = runningPids(settings.dataDir);
  for (const pid of pids) {
    process.kill(pid, "SIGHUP");
    print(`Asked process ${pid} to reload. Its log has the result.`);
  }
  if (pids.length === 0) {
    print(
      `No process serves from ${settings.dataDir}. Run this in the directory in which the service was started.`,
    );
  }
  return pids.length > 0;
}
