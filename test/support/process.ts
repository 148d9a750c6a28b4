import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { WorkTimes } from "../../src/core/process/working-process.ts";
import { builtSource, compileSource } from "./compiled-source.ts";
import { eventually } from "./eventually.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The service as it is installed: compiled, with its migrations. */
export interface Build extends Disposable {
  /** Absolute path of a compiled file. */
  path(file: string): string;
}

/**
 * Compiles the current source, so that no older build runs. If `npm run build` has made the current one, it is used.
 * The chat page always comes from `npm run build`.
 */
export async function buildService(): Promise<Build> {
  const built = builtSource();
  if (built) return built;
  const source = await compileSource();
  const base = dirname(dirname(source.path("main.js")));
  await symlink(join(root, "prisma"), join(base, "prisma"));
  await cp(join(root, "dist", "web-chat"), join(base, "dist", "web-chat"), { recursive: true }).catch(
    (cause) => {
      throw new Error("the chat page is not built: run `npm run build` first", { cause });
    },
  );
  await writeFile(join(base, "package.json"), '{ "type": "module" }');
  return source;
}

/** A working directory for the service. Disposing removes it with all its contents. */
export interface ServiceDirectory extends AsyncDisposable {
  path: string;
  configure(config: unknown): Promise<void>;
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
  build: Build;
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
    { timeoutMs: 60_000 },
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
export function spawnService({ build, directory, env, times, openFiles }: ProcessOptions): StartingProcess {
  const args = times ? ["--input-type=module", "--eval", hurried(build, times)] : [build.path("main.js")];
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

/** Starts the same application as main.js, with other times. */
function hurried(build: Build, times: Partial<WorkTimes>): string {
  const from = (file: string) => JSON.stringify(build.path(file));
  return `
    import { startApp } from ${from("app/app.js")};
    import { botDefinitions as bots } from ${from("bots/registry.js")};
    import { channelDefinitions as channels } from ${from("channels/registry.js")};
    import { readEnvironment } from ${from("config/env.js")};
    import { loadConfig } from ${from("config/load-config.js")};
    import { createLogger } from ${from("observability/logger.js")};
    import { createRedactor } from ${from("observability/redaction.js")};
    const load = () => loadConfig({ bots, channels, env: readEnvironment() });
    const config = load();
    const log = createLogger({ level: config.settings.logLevel, redactor: createRedactor(config.secrets) });
    const app = await startApp({ bots, channels, config, reload: load, log, times: ${JSON.stringify(times)} });
    process.stdout.write("Causeway listens on " + app.url + "\\n");
    process.once("SIGTERM", () => app.stop().then(() => process.exit(0), () => process.exit(1)));`;
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
