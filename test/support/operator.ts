import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "./eventually.ts";

/** A person at a terminal in one directory. */
export interface Operator {
  directory: string;
  /** The whole environment. */
  env: Record<string, string>;
}

export interface CommandResult {
  code: number | null;
  /** Standard output and standard error together. */
  output: string;
}

/** Types a command, and waits for its end. */
export async function type({ directory, env }: Operator, command: string): Promise<CommandResult> {
  const { ended, output } = begin({ directory, env }, command);
  return { code: await ended, output: output() };
}

/** A service that was started by a command. */
export interface StartedService extends AsyncDisposable {
  url: string;
  output(): string;
  /** Sends SIGTERM to the process that the data directory names. Resolves with the exit code of the command. */
  stop(): Promise<number | null>;
}

/** Types a command that starts the service, and waits until it listens. */
export async function typeStart(operator: Operator, command: string): Promise<StartedService> {
  const { ended, output, end } = begin(operator, command);
  const pids = join(operator.directory, ".causeway", "run");
  const signal = async (name: NodeJS.Signals) => {
    for (const file of await readdir(pids).catch(() => []))
      process.kill(Number(await readFile(join(pids, file), "utf8")), name);
  };
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const dispose = async () => {
    if (!over) await signal("SIGKILL").catch(() => undefined);
    end();
    await ended;
  };
  try {
    const url = await eventually(
      () => {
        const found = /^Causeway listens on (\S+)$/m.exec(output())?.[1];
        if (found === undefined && !over) throw new Error(`not listening yet:\n${output()}`);
        return found;
      },
      { timeoutMs: 120_000 },
    );
    if (url === undefined) throw new Error(`the service ended instead of starting:\n${output()}`);
    const stop = async () => {
      await signal("SIGTERM");
      return await ended;
    };
    return { url, output, stop, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function begin({ directory, env }: Operator, command: string) {
  const flags = ["-euo", "pipefail", "-c", command];
  const child = spawn("bash", flags, { cwd: directory, env, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  return {
    ended: once(child, "close").then(() => child.exitCode),
    output: () => text,
    end: () => void child.kill("SIGKILL"),
  };
}

/** The commands in the blocks of a document that are marked `sh walk`, by the heading above them. */
export async function walkOf(page: string): Promise<Map<string, string[]>> {
  const text = await readFile(fileURLToPath(new URL(`../../${page}`, import.meta.url)), "utf8");
  const sections = text.split(/^#+ (?=.*$)/m).map((section) => {
    const blocks = [...section.matchAll(/^```sh walk\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
    return [section.split("\n")[0] ?? "", blocks.flatMap((block) => block.trim().split("\n"))] as const;
  });
  return new Map(sections.filter(([, commands]) => commands.length > 0));
}
