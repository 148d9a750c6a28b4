// Starts the built service for pictures, in a directory of its own that is removed at the end.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const PORT = 3987;
const TRIES = 480;
const PAUSE_MS = 250;

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

/** Waits until a question has a true answer, and returns it. */
export async function until(ask, what) {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const answer = await ask();
    if (answer) return answer;
    await pause();
  }
  throw new Error(`waited in vain: ${what}`);
}

/** Starts the service with a configuration, and waits until it is ready. */
export async function startService(config) {
  const work = mkdtempSync(join(tmpdir(), "causeway-screenshots-"));
  const url = `http://127.0.0.1:${PORT}`;
  const file = join(work, "channels.config.json");
  const write = (content) => writeFileSync(file, JSON.stringify(content));
  write(config);
  const process_ = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env.PATH,
      PORT: String(PORT),
      CAUSEWAY_CONFIG: file,
      CAUSEWAY_DATA_DIR: join(work, "data"),
    },
    stdio: "inherit",
  });
  await until(
    () =>
      fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    "the service starts",
  );
  const key = readFileSync(join(work, "data", "api-key"), "utf8").trim();

  async function call(method, path, body, headers = {}) {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  }

  return {
    url,
    key,
    /** Calls the API as the operator. */
    api: (method, path, body) => call(method, `/api/v1${path}`, body, { authorization: `Bearer ${key}` }),
    /** Calls the simulator. */
    simulator: (method, path, body) => call(method, `/simulator/v1${path}`, body),
    /** Publishes another configuration. */
    reload(content) {
      write(content);
      process_.kill("SIGHUP");
    },
    async stop() {
      const isOver = new Promise((resolve) => process_.once("exit", resolve));
      process_.kill();
      await isOver;
      rmSync(work, { recursive: true, force: true });
    },
  };
}
