import { connect } from "node:net";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSignIn } from "../../src/http/api/console/sign-in.ts";
import { createAttempts } from "../../src/http/server/attempts.ts";
import { createRateLimit } from "../../src/http/server/rate-limit.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { postSignIn, type SignedIn, signIn } from "../support/console.ts";
import { testPool } from "../support/postgres.ts";
import { quietLog } from "../support/quiet-log.ts";

let app: TestApp;
let pool: pg.Pool;
beforeAll(async () => {
  app = await startTestApp();
  pool = testPool(app.database.url);
});
afterAll(async () => {
  await pool.end();
  await app[Symbol.asyncDispose]();
});

async function newKey(scopes: string[], name = "Ada"): Promise<{ id: string; secret: string }> {
  return (await app.api("POST", "/api_keys", { name, scopes })).body;
}

const session = (person: SignedIn) => person.call("GET", "/console/session");
const codeOf = (link: string) => link.split("#code=")[1] ?? "";

describe("a sign-in to the console", () => {
  it("exchanges a key for a cookie that scripts cannot read, and stores only its hash", async () => {
    const answer = await postSignIn(app.url, { key: app.apiKey });
    expect([answer.status, answer.body]).toMatchObject([
      201,
      {
        role: "owner",
        scopes: ["admin"],
        key: { name: "operator", operator: true },
        workspaces: [{ slug: "default" }],
      },
    ]);
    const cookie = answer.headers.get("set-cookie") ?? "";
    const [pair = "", ...attributes] = cookie.split("; ");
    expect(attributes.sort()).toEqual(["HttpOnly", "Path=/", "SameSite=Strict"]);
    const token = pair.split("=")[1] ?? "";
    expect(JSON.stringify(answer.body)).not.toContain(token);
    const { rows } = await pool.query("SELECT s::text AS text FROM console_sessions s");
    for (const { text } of rows) expect(text).not.toContain(token.slice(4));

    const person = await signIn(app.url, { key: app.apiKey });
    expect((await person.call("GET", "/api/v1/channels")).status).toBe(200);
    expect((await session(person)).body).toEqual({ ...answer.body, expires_at: expect.any(String) });
    const hours = (Date.parse((await session(person)).body.expires_at) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(11.9);
    expect(hours).toBeLessThanOrEqual(12);
  });

  it("lets the signed-in person answer a conversation under a name, and end it as an operator", async () => {
    const person = await signIn(app.url, { key: app.apiKey });
    const { body: chat } = await person.call("POST", "/api/v1/chat/sessions", { agent_id: "echo" });
    const path = `/api/v1/chat/sessions/${chat.id}/handoff`;
    expect((await person.call("POST", path, {})).status).toBe(201);
    const { body: taken } = await person.call("POST", `${path}/take`, { name: "Anna" });
    expect(taken).toMatchObject({ state: "taken", holder: { name: "Anna", via: "console" } });
    const { body: said } = await person.call("POST", `${path}/reply`, { content: "Hello." });
    expect(said.author).toEqual({ name: "Anna", via: "console" });
    const { body: next } = await person.call("POST", `/api/v1/chat/sessions/${chat.id}/reset`, {});
    const { body: old } = await person.call("GET", `/api/v1/chat/sessions/${chat.id}`);
    const { body: ended } = await person.call("POST", `/api/v1/chat/sessions/${next.id}/end`, {});
    expect([old.end_reason, ended.end_reason]).toEqual(["operator", "operator"]);
  });

  it("keeps the cookie off plain HTTP unless the browser is on this machine", async () => {
    const { port, hostname } = new URL(app.url);
    const body = JSON.stringify({ key: app.apiKey });
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), hostname);
      let text = "";
      socket.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      socket.on("close", () => resolve(text));
      socket.write(
        `POST /console/session HTTP/1.1\r\nHost: chat.example.org\r\nContent-Type: application/json\r\n` +
          `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
    });
    expect(answer).toMatch(/^set-cookie: .*; Secure\r$/im);
  });

  it("by a link works once, even if several requests use it at the same time", async () => {
    const link = await app.app.signInLink();
    expect(link).toMatch(new RegExp(`^${app.url}/console#code=[\\w-]{40,}$`));
    const code = codeOf(link);
    const { rows } = await pool.query("SELECT c::text AS text FROM console_codes c");
    for (const { text } of rows) expect(text).not.toContain(code.slice(4));
    const answers = await Promise.all(Array.from({ length: 5 }, () => postSignIn(app.url, { code })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 401, 401, 401, 401]);
    expect(answers.find(({ status }) => status === 201)?.body.role).toBe("owner");

    const late = codeOf(await app.app.signInLink());
    await pool.query("UPDATE console_codes SET expires_at = now() - interval '1 second'");
    expect((await postSignIn(app.url, { code: late })).body.error.code).toBe("sign_in_failed");
  });

  it("with a wrong key or code is refused and logged, without the secret", async () => {
    const { status, body } = await postSignIn(app.url, { key: "cw_not_a_key_of_ours" });
    expect([status, body.error.code]).toEqual([401, "sign_in_failed"]);
    expect((await postSignIn(app.url, { key: app.apiKey, code: "both" })).status).toBe(422);
    expect((await postSignIn(app.url, {})).status).toBe(422);
    const failed = app.log.filter(({ message }) => message === "a sign-in to the console failed");
    expect(failed.at(-1)?.fields).toMatchObject({ address: "127.0.0.1", by: "key" });
    expect(JSON.stringify(app.log)).not.toContain("not_a_key_of_ours");
  });

  it("is limited to a number of attempts per address", async () => {
    let tried = 0;
    const attempt = createSignIn({
      keys: {
        lookup: async () => {
          tried += 1;
          return null;
        },
      },
      sessions: { open: async () => null, redeem: async () => null },
      attempts: createAttempts(createRateLimit({ perMinute: 1, burst: 2 }, () => 0)),
      log: quietLog(),
    });
    const guess = (nth: number, address: string) => attempt({ key: `cw_${nth}` }, address);
    expect([await guess(1, "a"), await guess(2, "a")]).toEqual([null, null]);
    await expect(guess(3, "a")).rejects.toMatchObject({ status: 429, code: "rate_limited" });
    expect(await guess(4, "b")).toBe(null);
    expect(tried).toBe(3);
  });
});

describe("the console's cookie", () => {
  it("changes nothing without the header that another site cannot send", async () => {
    const person = await signIn(app.url, { key: app.apiKey });
    for (const headers of [{}, { "X-Console": "0" }]) {
      const refused = await person.call("POST", "/api/v1/chat/sessions", { agent_id: "echo" }, headers);
      expect([refused.status, refused.body.error.code]).toEqual([403, "console_header_missing"]);
      expect(refused.body.error.message).toContain("X-Console: 1");
    }
    expect((await person.call("DELETE", "/console/session", undefined, {})).status).toBe(403);
    expect((await person.call("GET", "/api/v1/channels", undefined, {})).status).toBe(200);
    const opened = await person.call("POST", "/api/v1/chat/sessions", { agent_id: "echo" });
    expect(opened.status).toBe(201);
    const socket = await upgrade(`/api/v1/chat/sessions/${opened.body.id}/ws`, person.cookie);
    expect(socket).toMatch(/^HTTP\/1.1 403 console_socket/);
  });

  it("stops working when its key is revoked", async () => {
    const key = await newKey(["sessions:read"]);
    const person = await signIn(app.url, { key: key.secret });
    expect((await session(person)).body).toMatchObject({ role: "viewer", key: { id: key.id, name: "Ada" } });
    await app.api("DELETE", `/api_keys/${key.id}`);
    expect((await session(person)).status).toBe(401);
    expect((await person.call("GET", "/api/v1/channels")).status).toBe(401);
  });

  it("stops working at sign-out, without affecting other cookies", async () => {
    const [one, two] = [
      await signIn(app.url, { key: app.apiKey }),
      await signIn(app.url, { key: app.apiKey }),
    ];
    const out = await one.call("DELETE", "/console/session");
    expect([out.status, out.headers.get("set-cookie")]).toEqual([204, expect.stringContaining("Max-Age=0")]);
    expect((await session(one)).status).toBe(401);
    expect((await one.call("GET", "/api/v1/channels")).status).toBe(401);
    expect((await session(two)).status).toBe(200);
  });

  it("expires twelve hours after its last use", async () => {
    const person = await signIn(app.url, { key: app.apiKey });
    const newest = "id = (SELECT id FROM console_sessions ORDER BY created_at DESC, id DESC LIMIT 1)";
    const left = (time: string) =>
      pool.query(`UPDATE console_sessions SET expires_at = now() + interval '${time}' WHERE ${newest}`);
    await left("1 minute");
    const { expires_at } = (await session(person)).body;
    expect(Date.parse(expires_at) - Date.now()).toBeGreaterThan(11 * 3_600_000);
    await left("-1 second");
    expect((await session(person)).status).toBe(401);
  });

  it("is ignored when the request has a key, and a key alone opens no session", async () => {
    const person = await signIn(app.url, { key: app.apiKey });
    const both = await person.call("GET", "/api/v1/channels", undefined, { "X-API-Key": "cw_wrong" });
    expect(both.status).toBe(401);
    const alone = await fetch(`${app.url}/console/session`, { headers: { "X-API-Key": app.apiKey } });
    expect([alone.status, await alone.json()]).toMatchObject([
      401,
      { error: { code: "no_console_session" } },
    ]);
  });
});

/** The keys of the four roles. */
const READ = ["sessions:read", "users:read", "handoff:read", "access:read"];
const CHANGE = ["sessions", "messages", "users", "trigger", "deliveries", "access"].map(
  (of) => `${of}:write`,
);
const KEYS = {
  viewer: READ,
  agent: [...READ, "handoff:write"],
  operator: [...READ, "handoff:write", ...CHANGE],
  owner: ["admin"],
};
const ROLES = ["viewer", "agent", "operator", "owner"] as const;

/** One mutation for each scope that has one, with the status that each role gets, in the order of `ROLES`. */
const MUTATIONS: Record<string, { call: (ids: Ids) => [string, string, unknown?]; statuses: number[] }> = {
  "sessions:write": {
    call: ({ sessionId }) => ["PATCH", `/chat/sessions/${sessionId}`, { title: "New" }],
    statuses: [403, 403, 200, 200],
  },
  "messages:write": {
    call: ({ sessionId }) => ["POST", `/chat/sessions/${sessionId}/messages`, { content: "Hello" }],
    statuses: [403, 403, 201, 201],
  },
  "users:write": {
    call: ({ userId, agentId }) => ["PATCH", `/users/${userId}/data/${agentId}`, { tea: true }],
    statuses: [403, 403, 200, 200],
  },
  "trigger:write": {
    call: () => [
      "POST",
      "/trigger_bot_message",
      { agent_id: "echo", channel: "api", identifier: "ada", message_text: "Hi" },
    ],
    statuses: [403, 403, 202, 202],
  },
  "deliveries:write": {
    call: () => ["POST", "/deliveries/retry", { filter: { channel: "api" }, dry_run: true }],
    statuses: [403, 403, 200, 200],
  },
  "handoff:write": {
    call: ({ handedOffId }) => ["POST", `/chat/sessions/${handedOffId}/handoff/take`, {}],
    statuses: [403, 200, 409, 409],
  },
  "access:write": {
    // No request has this code.
    call: () => ["POST", "/access_requests/approve", { code: "ABCDEFGH" }],
    statuses: [403, 403, 404, 404],
  },
  admin: {
    call: () => ["POST", "/api_keys", { name: "Another", scopes: ["sessions:read"] }],
    statuses: [403, 403, 403, 201],
  },
};

interface Ids {
  sessionId: string;
  userId: string;
  agentId: string;
  handedOffId: string;
}

describe("roles", () => {
  it("may do what the scopes of their key allow, for one mutation of each scope", async () => {
    const user = { identifier: "ada" };
    const opened = await app.api("POST", "/chat/sessions", { agent_id: "echo", user });
    const waiting = await app.api("POST", "/chat/sessions", { agent_id: "echo" });
    await app.api("POST", `/chat/sessions/${waiting.body.id}/handoff`, {});
    const ids = {
      sessionId: opened.body.id,
      userId: opened.body.user_id,
      agentId: opened.body.agent_id,
      handedOffId: waiting.body.id,
    };
    const people = [];
    for (const role of ROLES) {
      const { secret } = await newKey(KEYS[role], role);
      const person = await signIn(app.url, { key: secret });
      expect((await session(person)).body.role).toBe(role);
      people.push(person);
    }
    for (const [scope, { call, statuses }] of Object.entries(MUTATIONS)) {
      const seen = [];
      for (const person of people) {
        const [method, path, body] = call(ids);
        const answer = await person.call(method, `/api/v1${path}`, body);
        if (answer.status === 403) expect(answer.body.error.code).toBe("insufficient_scope");
        seen.push(answer.status);
      }
      expect([scope, seen]).toEqual([scope, statuses]);
    }
    const { body: taken } = await app.api("GET", `/chat/sessions/${ids.handedOffId}`);
    expect(taken.handoff.holder).toEqual({ name: "agent", via: "console" });
  });

  it("that table covers each scope that changes something", async () => {
    const { body: document } = await app.api("GET", "/openapi.json");
    const changing = new Set<string>();
    for (const item of Object.values<Record<string, { description?: string }>>(document.paths))
      for (const [method, { description }] of Object.entries(item)) {
        const scope = /Needs the scope `([\w:]+)`/.exec(description ?? "")?.[1];
        if (scope && ["post", "put", "patch", "delete"].includes(method)) changing.add(scope);
      }
    // Rendering a prompt and revealing a contact are POSTs that only read.
    changing.delete("sessions:read");
    changing.delete("contacts:read");
    expect([...changing].sort()).toEqual(Object.keys(MUTATIONS).sort());
  });
});

describe("contact data", () => {
  it("is masked for viewers in every answer; others may reveal it, with an audit row", async () => {
    const number = "+49 170 5550123";
    const opened = await app.api("POST", "/chat/sessions", {
      agent_id: "echo",
      user: { identifier: "491705550123", name: "Mia" },
      external_id: "order-of-mia@example.org",
      metadata: { mail: "mia@example.org" },
    });
    const { id, user_id: userId } = opened.body;
    const said = await app.api("POST", `/chat/sessions/${id}/messages`, { content: `Call me: ${number}` });
    const stream = `/api/v1/executions/${said.body.execution_id}/stream`;
    const [viewer, trusted] = await Promise.all(
      [READ, [...READ, "contacts:read"]].map(async (scopes) => {
        const { secret } = await newKey(scopes, "Vera");
        return signIn(app.url, { key: secret });
      }),
    );
    const text = async (path: string, cookie = viewer?.cookie ?? "") =>
      (await fetch(`${app.url}${path}`, { headers: { cookie } })).text();
    const paths = [
      `/users/${userId}`,
      "/users",
      `/users/${userId}/export`,
      `/chat/sessions/${id}`,
      "/chat/sessions",
      `/chat/sessions/${id}/messages`,
      `/deliveries?session_id=${id}`,
      `/executions/${said.body.execution_id}`,
      `/exports/sessions?user_id=${userId}`,
      `/exports/sessions?user_id=${userId}&format=csv`,
      `/messages/${said.body.user_message_id}/trail`,
    ].map((path) => `/api/v1${path}`);
    for (const path of [...paths, stream])
      expect([path, await text(path)]).toEqual([path, expect.not.stringMatching(/5550123|mia@|_not_found/)]);
    expect(await text(stream)).toContain("Call me: •••123");
    expect((await viewer?.call("GET", `/api/v1/users/${userId}`))?.body).toMatchObject({
      id: userId,
      identifier: "•••123",
      name: "Mia",
    });
    // A viewer cannot find an identifier by searching for its parts.
    const found = async (q: string) => (await viewer?.call("GET", `/api/v1/users?q=${q}`))?.body.meta.total;
    expect([await found("555"), await found("mia")]).toEqual([0, 1]);

    const path = `/api/v1/users/${userId}/reveal`;
    expect((await viewer?.call("POST", path))?.status).toBe(403);
    expect((await trusted?.call("GET", `/api/v1/users/${userId}`))?.body.identifier).toBe("•••123");
    expect((await trusted?.call("POST", path))?.body).toMatchObject({ identifier: "491705550123" });
    expect((await app.api("GET", "/audit?operation=revealUser")).body.data).toMatchObject([
      { actor: { key_name: "Vera", via: "console" }, targets: [userId] },
    ]);
    // A program with a key reads the unmasked data.
    const { secret } = await newKey(READ);
    const byKey = await fetch(`${app.url}/api/v1/users/${userId}`, { headers: { "X-API-Key": secret } });
    expect(await byKey.json()).toMatchObject({ identifier: "491705550123" });
  });
});

/** The first line of the answer to a WebSocket handshake. */
function upgrade(path: string, cookie: string): Promise<string> {
  const { port, hostname } = new URL(app.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.toString("utf8").split("\r\n")[0] ?? "");
    });
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nCookie: ${cookie}\r\n\r\n`,
    );
  });
}
