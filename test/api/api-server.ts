import { createAuditRepository } from "../../src/audit/audit-repository.ts";
import { newId } from "../../src/core/ids.ts";
import type { Json } from "../../src/core/text/json.ts";
import { openApiDocument } from "../../src/http/api/document/openapi.ts";
import { type ApiGate, apiRouter } from "../../src/http/api/route/api-router.ts";
import { createAudit } from "../../src/http/api/route/audit.ts";
import { createAuthenticate } from "../../src/http/api/route/auth.ts";
import { createIdempotency } from "../../src/http/api/route/idempotency.ts";
import type { Route, Scope } from "../../src/http/api/route/route.ts";
import { createAttempts } from "../../src/http/server/attempts.ts";
import { createCallerOf } from "../../src/http/server/caller-address.ts";
import { healthRoutes } from "../../src/http/server/health-routes.ts";
import { createOpenLimit } from "../../src/http/server/open-limit.ts";
import { createRateLimit, type RateLimitSettings } from "../../src/http/server/rate-limit.ts";
import { createHttpServer } from "../../src/http/server/server.ts";
import { webhookRoutes } from "../../src/http/webhooks/webhook-routes.ts";
import { newSecret } from "../../src/keys/api-key.ts";
import { createIdempotencyRepository } from "../../src/keys/idempotency-repository.ts";
import { createKeyCache } from "../../src/keys/key-cache.ts";
import { createKeyRepository } from "../../src/keys/key-repository.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { type LoggedLine, quietLog } from "../support/quiet-log.ts";
import { documentCheck } from "./openapi-check.ts";

/** Notices between the "processes" of one test. After `cut()` they are lost, as in a network failure. */
function createNotices() {
  const listeners = new Map<string, Set<(data: Json) => void>>();
  let broken = false;
  return {
    cut: () => {
      broken = true;
    },
    publish(topic: string, data: Json) {
      if (!broken) for (const listener of listeners.get(topic) ?? []) listener(data);
    },
    subscribe(topic: string, listener: (data: Json) => void) {
      const all = listeners.get(topic) ?? new Set();
      listeners.set(topic, all.add(listener));
      return () => void all.delete(listener);
    },
  };
}

/** One process that serves routes over HTTP on a database, with the real keys, limits and idempotency. */
export interface ApiServer extends AsyncDisposable {
  url: string;
  lines: LoggedLine[];
  keyCache: ReturnType<typeof createKeyCache>;
  /** Fails if the answer differs from the routes' documentation. */
  call(path: string, options?: CallOptions): Promise<{ status: number; headers: Headers; body: unknown }>;
}

export interface CallOptions {
  method?: string;
  /** The API key. */
  key?: string | null;
  json?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** A database with one workspace and an admin key, for any number of server processes. */
export async function openApiWorld() {
  const database = await createTestDatabase();
  const { pool, prisma, close } = openDatabase({ url: database.url, maxConnections: 10, log: quietLog() });
  const keys = createKeyRepository({ pool, prisma });
  const notices = createNotices();
  const servers: ApiServer[] = [];

  async function addWorkspace(slug: string): Promise<string> {
    const id = newId();
    await pool.query("INSERT INTO workspaces (id, slug) VALUES ($1, $2)", [id, slug]);
    return id;
  }

  async function addKey(workspaceId: string, scopes: readonly Scope[] = ["admin"]) {
    const secret = newSecret();
    const key = await keys.create({ id: newId(), workspaceId, name: "test", scopes, secret });
    return { id: key.id, secret };
  }

  const workspaceId = await addWorkspace("default");
  const admin = await addKey(workspaceId);

  async function serve(
    routes: readonly Route[],
    options: {
      rateLimit?: RateLimitSettings;
      streams?: number;
      now?: () => number;
      documented?: boolean;
    } = {},
  ): Promise<ApiServer> {
    const log = quietLog();
    const now = options.now ?? Date.now;
    const keyCache = createKeyCache({ find: keys.find, onUsed: () => {}, notices, now });
    const gate: ApiGate = {
      authenticate: createAuthenticate({
        keys: keyCache,
        consoleSession: async () => null,
        attempts: createAttempts(createRateLimit({ perMinute: 600_000, burst: 10_000 }, now)),
        callerOf: createCallerOf([]),
        workspaceBySlug: keys.workspaceBySlug,
      }),
      idempotency: createIdempotency({ repository: createIdempotencyRepository(pool), notices, log }),
      limits: {
        rateLimit: createRateLimit(options.rateLimit ?? { perMinute: 600_000, burst: 10_000 }, now),
        streams: createOpenLimit(options.streams ?? 1_000),
        callerOf: createCallerOf([]),
      },
      audit: createAudit({ record: createAuditRepository(pool).record, log }),
      onCallerEnded: ({ keyId }, listener) => keyCache.onRevoked(keyId, listener),
      log,
    };
    const router = apiRouter({ routes }, gate);
    const http = createHttpServer(
      {
        webhooks: webhookRoutes({
          visit: () => undefined,
          channel: () => null,
          accept: async () => {},
          onReceived: () => {},
          onRefused: () => {},
        }),
        health: healthRoutes({
          dependencies: async () => ({}),
          channels: async () => ({}),
          simulated: [],
          files: () => null,
          metrics: async () => ({ contentType: "text/plain", text: "" }),
          draining: () => false,
        }),
        mounts: [{ path: "/api/v1", router }],
      },
      log,
    );
    const check = documentCheck(openApiDocument([{ base: "/api/v1", routes }], "test"));
    const url = `http://127.0.0.1:${await http.listen("127.0.0.1", 0)}/api/v1`;
    const server: ApiServer = {
      url,
      lines: log.lines,
      keyCache,
      async call(path, call = {}) {
        const answer = await callApi(`${url}${path}`, admin.secret, call);
        const seen = { path: path.split("?")[0] ?? "", ...answer };
        const problem = options.documented === false ? null : check(seen);
        if (problem !== null) throw new Error(problem);
        return answer;
      },
      [Symbol.asyncDispose]: async () => {
        keyCache.stop();
        await http.close(0);
      },
    };
    servers.push(server);
    return server;
  }

  return {
    pool,
    prisma,
    keys,
    notices,
    workspaceId,
    admin,
    addWorkspace,
    addKey,
    serve,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
      await close();
      await database.drop();
    },
  };
}

async function callApi(url: string, adminKey: string, options: CallOptions) {
  const key = options.key === undefined ? adminKey : options.key;
  const method = options.method ?? (options.json === undefined ? "GET" : "POST");
  const response = await fetch(url, {
    method,
    headers: {
      ...(key === null ? {} : { Authorization: `Bearer ${key}` }),
      ...(options.json === undefined ? {} : { "Content-Type": "application/json" }),
      ...options.headers,
    },
    ...(options.json === undefined ? {} : { body: JSON.stringify(options.json) }),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const text = await response.text();
  const { status, headers } = response;
  const contentType = headers.get("content-type");
  const json = contentType?.startsWith("application/json") && text !== "";
  return { method, status, headers, contentType, body: json ? JSON.parse(text) : text };
}
