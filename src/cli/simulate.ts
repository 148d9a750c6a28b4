import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { StartupError } from "../core/faults/errors.ts";
import { parseJson } from "../core/text/json.ts";
import type { BotUrls } from "../simulator/accounts.ts";
import { startAlone } from "../simulator/alone.ts";
import { PLATFORMS, type PlatformName } from "../simulator/connection.ts";
import { replay } from "../simulator/replay.ts";
import { type Run, runSchema } from "../simulator/run.ts";

export interface SimulateOptions {
  /** A saved run to play and check; null: none. */
  replay: string | null;
  /** The service whose simulator plays the run; null: one is started for it. */
  url: string | null;
  timeoutMs: number;
  /** The names of platforms; none: all of them. */
  platforms: readonly string[];
  port: string;
  /** The bot's URLs that get events. */
  urls: BotUrls;
  print(line: string): void;
}

/** Starts the simulator alone, for anybody's bots. Null: it runs. Otherwise the exit code. */
export async function simulate({
  platforms,
  port,
  urls,
  print,
  ...run
}: SimulateOptions): Promise<number | null> {
  const unknown = platforms.filter((name) => !PLATFORMS.some((platform) => platform === name));
  if (unknown.length > 0) {
    print(`There is no platform "${unknown.join('", "')}". Name any of ${PLATFORMS.join(", ")}.`);
    return 2;
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    print("--port takes a port number from 0 to 65535.");
    return 2;
  }
  const saved = run.replay === null ? null : await readRun(run.replay);
  if (typeof saved === "string") {
    print(saved);
    return 2;
  }
  if (saved !== null && run.url !== null) return play(saved, run.url, { ...run, print });
  const wanted = platforms.length === 0 ? PLATFORMS : (platforms as PlatformName[]);
  try {
    const alone = await startAlone({ platforms: wanted, port: Number(port), urls });
    print(`This is a simulator: nothing here reaches a real platform.\n`);
    print(`Phones: ${alone.origin}/simulator`);
    print(`Control API: ${alone.origin}/simulator/v1`);
    for (const { platform, settings } of alone.simulator.connections()) {
      print(`\n# ${platform}`);
      for (const [name, value] of Object.entries(settings())) print(`${name}=${value}`);
    }
    if (saved !== null) {
      const code = await play(saved, alone.origin, { ...run, print });
      await alone.close();
      return code;
    }
    const stop = () => void alone.close().then(() => process.exit(0));
    process.once("SIGTERM", stop);
    process.once("SIGINT", stop);
    return null;
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    print(error.message);
    return 1;
  }
}

const MISSING = "it does not exist";
const isMissing = (error: unknown) => error instanceof Error && "code" in error && error.code === "ENOENT";

/** Reads a saved run; a text says why it is none. */
async function readRun(file: string): Promise<Run | string> {
  const read = await readFile(file, "utf8").then(
    (text) => runSchema.safeParse(parseJson(text)),
    (error: unknown) => ({ success: false as const, error: isMissing(error) ? MISSING : String(error) }),
  );
  if (read.success) return read.data;
  if (read.error === MISSING) return `There is no file ${file}.`;
  return `${file} is not a saved run: ${typeof read.error === "string" ? read.error : problemsOf(read.error)}`;
}

/** Plays a saved run at a simulator. Returns 0 if people see what they saw. */
async function play(
  run: Run,
  url: string,
  { timeoutMs, print }: Pick<SimulateOptions, "timeoutMs" | "print">,
): Promise<number> {
  const root = `${url.replace(/\/+$/, "")}/simulator/v1`;
  async function call(method: string, path: string, body?: unknown): Promise<unknown> {
    const headers = { "content-type": "application/json" };
    const response = await fetch(root + path, {
      method,
      ...(body === undefined ? {} : { headers, body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as { error?: { message?: string } };
    if (!response.ok)
      throw new StartupError(`${method} ${path}: ${answer.error?.message ?? response.status}`);
    return answer;
  }
  try {
    const isSame = await replay({ run, call, timeoutMs, print });
    print(isSame ? "The run is as it was." : "The run differs.");
    return isSame ? 0 : 1;
  } catch (error) {
    print(`The run could not be played: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

function problemsOf({ issues }: z.ZodError): string {
  return issues
    .map(({ path, message }) => `${path.length === 0 ? "it" : path.join(".")}: ${message}`)
    .join("; ");
}
