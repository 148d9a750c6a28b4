import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Below the data directory: one file for each process that serves from it, named by its role and port. */
const DIRECTORY = "run";

/** Writes down this process's id for those who send it signals; `npm` gives them another one. Returns how to remove it. */
export function writePidFile(dataDir: string, name: string): () => void {
  const path = join(dataDir, DIRECTORY, `${name}.pid`);
  mkdirSync(join(dataDir, DIRECTORY), { recursive: true });
  writeFileSync(path, `${process.pid}\n`);
  return () => {
    if (existsSync(path) && pidIn(path) === process.pid) rmSync(path);
  };
}

/** The processes that run by what they wrote down. A file that a crash left behind names nobody. */
export function runningPids(dataDir: string): number[] {
  const directory = join(dataDir, DIRECTORY);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith(".pid"))
    .map((name) => pidIn(join(directory, name)))
    .filter((pid) => pid > 0 && isService(pid));
}

function pidIn(path: string): number {
  const written = readFileSync(path, "utf8").trim();
  return /^\d{1,10}$/.test(written) ? Number(written) : 0;
}

/** An id is given out again after a crash: where the system tells, it must still be a Node process. */
function isService(pid: number): boolean {
  const commandLine = `/proc/${pid}/cmdline`;
  if (existsSync("/proc/self/cmdline")) {
    return existsSync(commandLine) && /(^|\/)node\0/.test(readFileSync(commandLine, "utf8"));
  }
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
