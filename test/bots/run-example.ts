import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { SECRET } from "./endpoint.ts";

const EXAMPLE = fileURLToPath(new URL("../../docs/examples/http-bot.mjs", import.meta.url));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Runs the example as its README describes. */
export async function runExample(): Promise<AsyncDisposable & { url: string }> {
  const port = await freePort();
  const child = spawn(process.execPath, [EXAMPLE], {
    env: { PORT: String(port), BOT_SECRET: SECRET },
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
