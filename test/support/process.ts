import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WorkTimes } from "../../src/core/process/working-process.ts";
import { eventually } from "./eventually.ts";
import { givePreparedCluster } from "./prepared-cluster.ts";
import { serviceProgram } from "./service-program.ts";

/** A working directory for the service. Disposing removes it with all its contents. */
export interface ServiceDirectory extends AsyncDisposable {
  path: string;
  configure(config: unknown): Promise<void>;
  /** Lets the first start find migrated database files. For tests that are not about a first start. */
  givePostgres(): Promise<void>;
}

export async function serviceDirectory(config?: unknown): Promise<ServiceDirectory> {
  const path = await mkdtemp(join(tmpdir(), "causeway-process-"));
  // As root, the embedded server runs under another account, which must be able to enter.
  await chmod(path, 0o711);
  const configure = (next: unknown) => writeFile(join(path, "channels.config.json"), JSON.stringify(next));
  if (config !== undefined) await configure(config);
  return {
    path,
    configure,
    async givePostgres() {
      const dataDir = join(path, ".causeway");
      await mkdir(dataDir, { mode: 0o700 });
      await givePreparedCluster(dataDir);
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  };
}

export interface ServiceProcess extends AsyncDisposable {
  pid: number;
  url: string;
  /** All its output so far, including logs. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  /** `kill -9`, then waits until the process has ended. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** Resolves with the exit code; null if a signal ended it. */
  ended: Promise<number | null>;
}

export interface ProcessOptions {
  directory: ServiceDirectory;
  /** Its whole environment except PATH. PORT is any free one unless given. */
  env?: Record<string, string>;
  /** Maximum number of open files and sockets. Default: the same as for this process. */
  openFiles?: number;
  /** Shorter leases than in an installation, for tests that wait until leases expire. */
  times?: Partial<WorkTimes>;
}

/** Starts `node main.js` in the directory and waits until it reports its address. */
export async function startProcess(options: ProcessOptions): Promise<ServiceProcess> {
  const run = spawnService(options);
  const url = await eventually(
    () => {
      const listening = /^Causeway listens on (\S+)$/m.exec(run.output())?.[1];
      if (listening === undefined && !run.hasEnded()) throw new Error(`not listening yet:\n${run.output()}`);
      return listening;
    },
    { timeoutMs: 120_000 },
  ).catch(async (error: unknown) => {
    await run[Symbol.asyncDispose]();
    throw error;
  });
  if (url === undefined) throw new Error(`the service ended instead of starting:\n${run.output()}`);
  const { pid, output, signal, ended } = run;
  const end = async (name: NodeJS.Signals) => {
    signal(name);
    return await ended;
  };
  return {
    pid,
    url,
    output,
    signal,
    async kill() {
      await end("SIGKILL");
    },
    stop: () => end("SIGTERM"),
    ended,
    [Symbol.asyncDispose]: run[Symbol.asyncDispose],
  };
}

/** Starts a service that is not expected to become ready. Resolves with its exit code and output. */
export async function runToEnd(
  options: ProcessOptions,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const run = spawnService(options);
  const code = await run.ended;
  return { code, stdout: run.stdout(), stderr: run.stderr() };
}

/** A process that was just started, ready or not. */
interface StartingProcess extends AsyncDisposable {
  pid: number;
  stdout(): string;
  stderr(): string;
  /** Standard output and standard error together. */
  output(): string;
  /** Resolves with the exit code; null if a signal ended it. */
  ended: Promise<number | null>;
  hasEnded(): boolean;
  /** Does nothing if the process has ended. */
  signal(signal: NodeJS.Signals): void;
}

/** Starts the service without waiting for it. */
export function spawnService({ directory, env, times, openFiles }: ProcessOptions): StartingProcess {
  const args = times ? [serviceProgram("hurried"), JSON.stringify(times)] : [serviceProgram("main")];
  const [command, ...rest] =
    openFiles === undefined
      ? [process.execPath, ...args]
      : ["sh", "-c", `ulimit -n ${openFiles} && exec "$0" "$@"`, process.execPath, ...args];
  const child = spawn(command ?? "", rest, {
    cwd: directory.path,
    env: { PATH: process.env.PATH, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close").then(() => child.exitCode);
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const signal = (name: NodeJS.Signals) => {
    if (!hasEnded(child)) child.kill(name);
  };
  // A test that timed out does not dispose of its process.
  const orphaned = () => signal("SIGKILL");
  process.once("exit", orphaned);
  child.once("close", () => process.removeListener("exit", orphaned));
  return {
    pid: child.pid ?? 0,
    stdout,
    stderr,
    output: () => `${stdout()}${stderr()}`,
    ended,
    hasEnded: () => hasEnded(child),
    signal,
    async [Symbol.asyncDispose]() {
      signal("SIGKILL");
      await ended;
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
