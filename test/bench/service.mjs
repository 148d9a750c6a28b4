import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ownMain = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const TOKEN = "4242:bench-token";
const SECOND_TOKEN = "4243:bench-token";
const SECRET = "bench-webhook-secret";

/**
 * The service as `npm start` runs it, on a fresh data directory, with two Telegram channels on the echo bot.
 * @param options.build a directory with another build of the service.
 */
export async function startService({ botApiUrl, redisUrl, build }) {
  const channel = { token: TOKEN, secretToken: SECRET, apiRoot: botApiUrl, mode: "webhook" };
  const service = await startProcess({
    configuration: {
      workspace: "bench",
      agents: { echo: { bot: { type: "echo" } } },
      channels: {
        telegram: { kind: "telegram", agent: "echo", ...channel },
        second: { kind: "telegram", agent: "echo", ...channel, token: SECOND_TOKEN },
      },
    },
    variables: redisUrl ? { REDIS_URL: redisUrl } : {},
    main: build ? join(resolve(build), "dist/main.js") : ownMain,
  });
  return { ...service, secret: SECRET };
}

/**
 * Another bot for comparison, which accepts Telegram's webhooks at `path` and echoes. It gets its port, its Redis and
 * the Bot API in `PORT`, `REDIS_URL`, `TELEGRAM_API_ROOT`, `TELEGRAM_BOT_TOKEN` and `TELEGRAM_SECRET`.
 */
export async function startOther({ command, path, botApiUrl, redisUrl }) {
  const port = await freePort();
  const child = spawn("sh", ["-c", `exec ${command}`], {
    env: {
      ...process.env,
      PORT: String(port),
      REDIS_URL: redisUrl,
      TELEGRAM_API_ROOT: botApiUrl,
      TELEGRAM_BOT_TOKEN: TOKEN,
      TELEGRAM_SECRET: SECRET,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = outputOf(child);
  const url = `http://127.0.0.1:${port}`;
  // Any answer is enough, because no path exists in every bot.
  await until(child, output, () => fetch(url).then(() => true));
  return { url, path, secret: SECRET, pid: child.pid, stop: () => stopProcess(child) };
}

/**
 * Starts the service with any configuration and waits until it is ready. Its directory is a fresh one that is deleted
 * at the end, or one that is kept.
 */
export async function startProcess({
  configuration,
  variables,
  directory = mkdtempSync(join(tmpdir(), "causeway-bench-")),
  keep = false,
  main = ownMain,
}) {
  // The embedded Postgres does not run as root, so its user must be able to enter.
  chmodSync(directory, 0o755);
  const file = join(directory, "channels.config.json");
  writeFileSync(file, JSON.stringify(configuration));
  const port = await freePort();
  const { DATABASE_URL: _database, REDIS_URL: _redis, ...inherited } = process.env;
  const child = spawn(process.execPath, ["--max-semi-space-size=32", main], {
    cwd: directory,
    env: {
      ...inherited,
      PORT: String(port),
      CAUSEWAY_CONFIG: file,
      CAUSEWAY_DATA_DIR: join(directory, "data"),
      LOG_LEVEL: "warn",
      ...variables,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = outputOf(child);
  const url = `http://127.0.0.1:${port}`;
  const remove = () => rmSync(directory, { recursive: true, force: true });
  try {
    await until(child, output, () => fetch(`${url}/readyz`).then(({ ok }) => ok));
  } catch (error) {
    remove();
    throw error;
  }
  return {
    url,
    directory,
    pid: child.pid,
    postgresPid: () =>
      Number(readFileSync(join(directory, "data/postgres/postmaster.pid"), "utf8").split("\n")[0]),
    /** The embedded Postgres, over its socket. */
    databaseUrl() {
      const data = join(directory, "data");
      const password = readFileSync(join(data, "postgres-password"), "utf8").trim();
      return `postgres://postgres:${password}@localhost/causeway?host=${encodeURIComponent(join(data, "postgres"))}`;
    },
    async stop() {
      await stopProcess(child);
      if (!keep) remove();
    },
    remove,
  };
}

/** A Redis that writes its log every second, as a durable one does; null if there is no `redis-server`. */
export async function startRedis() {
  const directory = mkdtempSync(join(tmpdir(), "causeway-bench-redis-"));
  const port = await freePort();
  const child = spawn(
    "redis-server",
    ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--appendonly", "yes", "--save", ""],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const started = await new Promise((resolve) => {
    child.once("error", () => resolve(false));
    child.stdout.on("data", (chunk) => String(chunk).includes("Ready to accept") && resolve(true));
  });
  const clean = () => rmSync(directory, { recursive: true, force: true });
  if (!started) {
    clean();
    return null;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: child.pid,
    async stop() {
      await stopProcess(child);
      clean();
    },
  };
}

async function until(child, output, holds) {
  const deadline = Date.now() + 60_000;
  while (!(await holds().catch(() => false))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill("SIGTERM");
      throw new Error(`the service did not become ready:\n${output()}`);
    }
    await delay(10);
  }
}

function outputOf(child) {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (chunk) => {
      text = (text + chunk).slice(-20_000);
    });
  }
  return () => text;
}

async function stopProcess(child) {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
