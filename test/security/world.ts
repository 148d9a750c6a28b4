import { connect } from "node:net";
import pg from "pg";
import { startTestApp, type TestApp } from "../support/app.ts";
import { METAS, PUBLIC_URL, SLACK, SUREADHERE_SECRET, TELEGRAM_SECRET, TWILIO } from "./secrets.ts";

/** One application with every kind of channel that takes webhooks; nothing it would call answers. */
export async function startWorld(env: Record<string, string> = {}) {
  const nowhere = "http://127.0.0.1:9";
  const app = await startTestApp({
    channels: {
      api: { kind: "api", agent: "echo" },
      web: { kind: "web", agent: "echo" },
      telegram: {
        kind: "telegram",
        agent: "echo",
        token: "4242:TEST-token_secret",
        secretToken: TELEGRAM_SECRET,
        username: "causeway_bot",
        apiRoot: nowhere,
      },
      slack: { kind: "slack", agent: "echo", ...SLACK, apiUrl: `${nowhere}/api/` },
      whatsapp: { kind: "whatsapp", agent: "echo", ...TWILIO, apiBaseUrl: nowhere },
      meta: { kind: "whatsapp", agent: "echo", ...METAS, apiBaseUrl: `${nowhere}/v26.0` },
      sureadhere: {
        kind: "sureadhere",
        agent: "echo",
        tenantId: "tenant",
        clientId: "client",
        clientSecret: "client-secret-0123456789",
        authUrl: `${nowhere}/token`,
        baseUrl: nowhere,
        webhookSecret: SUREADHERE_SECRET,
      },
    },
    env: { CAUSEWAY_PUBLIC_URL: PUBLIC_URL, ...env },
  });
  const pool = new pg.Pool({ connectionString: app.database.url, max: 2 });
  return {
    app,
    pool,
    url: app.url,
    /** How many messages there are, in all sessions. */
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
  /** Leaves the connection open and says what came until then. */
  untilMs?: number;
}

/** Writes bytes to the server's port as they are; what came back until it hung up. */
function exchange(
  app: TestApp,
  bytes: string | Buffer,
  { untilMs = 5_000 }: RawOptions = {},
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
    });
    socket.on("error", end);
    socket.on("close", end);
    socket.write(bytes);
  });
}
