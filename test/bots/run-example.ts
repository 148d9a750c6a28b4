import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { SECRET } from "./endpoint.ts";

export type Language = "JavaScript" | "Python";

const EXAMPLES: Record<Language, [program: string, file: string]> = {
  JavaScript: [process.execPath, "http-bot.mjs"],
  Python: ["python3", "http-bot.py"],
};

/** The languages whose programs are on this machine. */
export const languages = (Object.keys(EXAMPLES) as Language[]).filter(
  (language) => spawnSync(EXAMPLES[language][0], ["--version"]).status === 0,
);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Runs an example as its document describes. */
export async function runExample(
  language: Language = "JavaScript",
): Promise<AsyncDisposable & { url: string }> {
  const port = await freePort();
  const [program, file] = EXAMPLES[language];
  const example = fileURLToPath(new URL(`../../docs/examples/${file}`, import.meta.url));
  const child = spawn(program, [example], {
    env: { PATH: process.env.PATH, PORT: String(port), BOT_SECRET: SECRET },
    stdio: "ignore",
  });
  const url = `http://127.0.0.1:${port}`;
  await eventually(async () => expect((await fetch(url, { method: "POST" })).status).toBe(401));
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}
