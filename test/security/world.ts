import { connect } from "node:net";
import { kindSamples } from "../channels/samples.ts";
import { startTestApp, type TestApp, type TestAppOptions } from "../support/app.ts";
import { testPool } from "../support/postgres.ts";
import { PUBLIC_URL } from "./secrets.ts";

/** One application with channels of every kind. None of the services that it would call answers. */
export async function startWorld(env: Record<string, string> = {}, bounds: TestAppOptions["bounds"] = {}) {
  const app = await startTestApp({
    channels: Object.fromEntries(
      kindSamples.flatMap(([kind, { channels }]) =>
        channels.map(({ name, config }) => [name, { kind, agent: "echo", ...config }]),
      ),
    ),
    env: { CAUSEWAY_PUBLIC_URL: PUBLIC_URL, ...env },
    bounds,
  });
  const pool = testPool(app.database.url, 2);
  return {
    app,
    pool,
    url: app.url,
    /** The number of messages in all sessions. */
    async messages(): Promise<number> {
      const { rows } = await pool.query<{ count: number }>("SELECT count(*)::int AS count FROM messages");
      return rows[0]?.count ?? 0;
    },
    post: (path: string, headers: Record<string, string>, body: string | Uint8Array) =>
      fetch(`${app.url}${path}`, { method: "POST", headers, body, redirect: "manual" }),
    raw: (bytes: string | Buffer, options?: RawOptions) => exchange(app, bytes, options),
    async [Symbol.asyncDispose]() {
      await pool.end();
      await app[Symbol.asyncDispose]();
    },
  };
}

export type World = Awaited<ReturnType<typeof startWorld>>;

interface RawOptions {
  /** Leaves the connection open and returns the data received until then. */
  untilMs?: number;
  /** Stops waiting once this text arrives. */
  until?: string;
}

/** Writes bytes to the server's port unchanged. Returns the data received until it closed the connection. */
function exchange(
  app: TestApp,
  bytes: string | Buffer,
  { untilMs = 5_000, until }: RawOptions = {},
): Promise<string> {
  const { hostname, port } = new URL(app.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let answer = "";
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(end, untilMs);
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
      if (until !== undefined && answer.includes(until)) end();
    });
    socket.on("error", end);
    socket.on("close", end);
    socket.write(bytes);
  });
}
