import { get, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { closeDatabase } from "../stories/database-outage.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { buildPage } from "../support/build-page.ts";
import { eventually } from "../support/eventually.ts";
import { startWebServer, type WebServer } from "../support/web-server.ts";
import { callWeb, newVisitor, visitorWith } from "../support/web-visitor.ts";

let app: TestApp;
let web: WebServer;

beforeAll(async () => {
  buildPage();
  app = await startTestApp({
    agents: { echo: { bot: { type: "echo" } } },
    channels: {
      web: { kind: "web", agent: "echo", allowedOrigins: ["https://example.org"] },
      "web-two": { kind: "web", agent: "echo" },
      api: { kind: "api", agent: "echo" },
    },
  });
  web = await startWebServer(app);
});

afterAll(async () => {
  await web.kill();
  await app[Symbol.asyncDispose]();
});

describe("a visitor", () => {
  test("writes and reads the answer", async () => {
    const visitor = await newVisitor(web.url);
    const session = await visitor.openSession();
    using events = await visitor.events(session);
    const sent = await visitor.send(session, "hello");
    expect(sent).toMatchObject({
      status: 202,
      body: { session_id: session, seq: 1, role: "user", content: "hello" },
    });
    await eventually(() =>
      expect(events.messages()).toMatchObject([
        { seq: 1, role: "user", content: "hello" },
        { seq: 2, role: "assistant", content: "You said: hello", execution_id: sent.body.execution_id },
      ]),
    );
    const history = await visitor.call("GET", `/sessions/${session}/messages`);
    expect(history.body).toMatchObject({ data: [{ seq: 1 }, { seq: 2 }], meta: { has_more: false } });
    await eventually(async () => {
      const { rows } = await app.app.engine.database.pool.query(
        "SELECT status FROM deliveries WHERE session_id = $1",
        [session],
      );
      expect(rows).toEqual([{ status: "delivered" }]);
    });
  });

  test("who repeats a message gets the same answer, and the bot is asked once", async () => {
    const visitor = await newVisitor(web.url);
    const session = await visitor.openSession();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => visitor.send(session, "once", "key-1")),
    );
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
    const named = answers.map(({ body: { id, seq, session_id, execution_id } }) =>
      [id, seq, session_id, execution_id].join(" "),
    );
    expect(new Set(named).size).toBe(1);
    const history = await eventually(async () => {
      const { body } = await visitor.call("GET", `/sessions/${session}/messages`);
      expect(body.data).toHaveLength(2);
      return body;
    });
    expect(history.data[1].content).toBe("You said: once");
    expect(await visitor.send(session, "twice", "key-1")).toMatchObject({
      status: 409,
      body: { error: { code: "client_message_id_reused" } },
    });
  });

  test("has several sessions, listed by their last use", async () => {
    const visitor = await newVisitor(web.url);
    const [first, second] = [await visitor.openSession(), await visitor.openSession()];
    await visitor.send(first, "news here");
    const { body } = await visitor.call("GET", "/sessions");
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual([first, second]);
    expect(body).toMatchObject({
      data: [{ title: "news here", status: "active" }, {}],
      meta: { total: 2, limit: 20 },
    });
  });

  test("reads a long history in pages, forwards and backwards", async () => {
    const visitor = await newVisitor(web.url);
    const session = await visitor.openSession();
    for (const text of ["a", "b", "c"]) await visitor.send(session, text);
    await eventually(async () => {
      const { body } = await visitor.call("GET", `/sessions/${session}/messages`);
      expect(body.data).toHaveLength(6);
    });
    const page = async (query: string) => {
      const { body } = await visitor.call("GET", `/sessions/${session}/messages?${query}`);
      return [body.data.map(({ seq }: { seq: number }) => seq), body.meta.has_more];
    };
    expect(await page("limit=4")).toEqual([[3, 4, 5, 6], true]);
    expect(await page("limit=4&before_seq=3")).toEqual([[1, 2], false]);
    expect(await page("limit=4&after_seq=0")).toEqual([[1, 2, 3, 4], true]);
    expect(await page("limit=4&after_seq=4")).toEqual([[5, 6], false]);
  });

  test("who writes into an ended session continues in one new session, even with repeated sends", async () => {
    const visitor = await newVisitor(web.url);
    const session = await visitor.openSession();
    expect(await visitor.call("POST", `/sessions/${session}/end`, {})).toMatchObject({
      status: 200,
      body: { status: "completed", end_reason: "user" },
    });
    const answers = await Promise.all([
      visitor.send(session, "still there?", "k"),
      visitor.send(session, "still there?", "k"),
      visitor.send(session, "and this", "l"),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    const [next, ...others] = new Set(answers.map(({ body }) => body.session_id));
    expect(others).toEqual([]);
    expect(next).not.toBe(session);
    const { body } = await visitor.call("GET", "/sessions");
    expect(body.meta.total).toBe(2);
    expect((await visitor.send(session, "still there?", "k")).body.id).toBe(answers[0]?.body.id);
  });

  test("who resets gets a new session, in which the bot speaks first if there is a prompt", async () => {
    const visitor = await newVisitor(web.url);
    const session = await visitor.openSession();
    const reset = await visitor.call("POST", `/sessions/${session}/reset`, {
      trigger_events: false,
      prompt: "Greet the visitor.",
    });
    expect(reset).toMatchObject({ status: 201, body: { status: "active" } });
    await eventually(async () => {
      const { body } = await visitor.call("GET", `/sessions/${reset.body.id}/messages`);
      expect(body.data).toMatchObject([{ role: "assistant", content: "You said: Greet the visitor." }]);
    });
    const again = await visitor.call("POST", `/sessions/${session}/reset`, { prompt: "Greet the visitor." });
    expect(again).toMatchObject({ status: 201, body: { id: reset.body.id } });
  });

  test("writes /reset as ordinary text", async () => {
    const visitor = await newVisitor(web.url);
    const session = await visitor.openSession();
    expect((await visitor.send(session, "/reset")).body.session_id).toBe(session);
    await eventually(async () => {
      const { body } = await visitor.call("GET", `/sessions/${session}/messages`);
      expect(body.data[1]).toMatchObject({ content: "You said: /reset" });
    });
  });
});

describe("a stranger", () => {
  test("cannot reach another visitor's session, neither by its id nor on its stream", async () => {
    const [owner, other] = [await newVisitor(web.url), await newVisitor(web.url)];
    const session = await owner.openSession();
    await owner.send(session, "private");
    for (const [method, path, body] of [
      ["GET", "/messages", undefined],
      ["GET", "/events", undefined],
      ["POST", "/messages", { content: "x", client_message_id: "1" }],
      ["POST", "/end", {}],
      ["POST", "/reset", {}],
    ] as const) {
      expect(await other.call(method, `/sessions/${session}${path}`, body)).toMatchObject({
        status: 404,
        body: { error: { code: "session_not_found" } },
      });
    }
    expect((await other.call("GET", "/sessions")).body.data).toEqual([]);
  });

  test("gets 401 without a token, or with an invented one", async () => {
    const madeUp = `cwa_${"A".repeat(43)}`;
    expect(await callWeb(web.url, "GET", "/sessions")).toMatchObject({
      status: 401,
      body: { error: { code: "visitor_token_required" } },
    });
    for (const token of [madeUp, "x", app.apiKey]) {
      expect(await callWeb(web.url, "POST", "/sessions", { token, body: {} })).toMatchObject({
        status: 401,
        body: { error: { code: "visitor_token_invalid" } },
      });
    }
  });

  test("gets 401 with a token of another channel or of an erased visitor", async () => {
    const visitor = await newVisitor(web.url);
    const elsewhere = await fetch(`${web.url}/web/web-two/sessions`, {
      headers: { authorization: `Bearer ${visitor.token}` },
    });
    expect(elsewhere.status).toBe(401);
    await app.app.engine.database.pool.query("DELETE FROM users WHERE anonymous");
    expect(await visitor.call("GET", "/sessions")).toMatchObject({ status: 401 });
  });

  test("cannot find a visitor's token in the database", async () => {
    const { token } = await newVisitor(web.url);
    const { rows } = await app.app.engine.database.pool.query(
      "SELECT row_to_json(u)::text AS row FROM users u",
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(token.slice(4));
  });

  test("gets 403 from a page of a site that is not listed", async () => {
    const from = (origin: string, method = "POST") =>
      callWeb(web.url, method, "/visitors", {
        headers: { origin },
        ...(method === "POST" ? { body: {} } : {}),
      });
    const listed = await from("https://example.org");
    expect(listed.status).toBe(201);
    expect(listed.headers.get("access-control-allow-origin")).toBe("https://example.org");
    expect(listed.headers.get("vary")).toContain("Origin");
    const preflight = await from("https://example.org", "OPTIONS");
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-headers")).toMatch(/Authorization.*Last-Event-ID/);
    for (const origin of [
      "https://evil.example",
      "http://example.org",
      "https://example.org.evil.example",
      "null",
    ]) {
      const refused = await from(origin);
      expect(refused).toMatchObject({ status: 403, body: { error: { code: "origin_not_allowed" } } });
      expect(refused.headers.get("access-control-allow-origin")).toBeNull();
      expect((await from(origin, "OPTIONS")).status).toBe(403);
    }
    expect((await from(web.url)).status).toBe(201);
    expect((await from("http://chat.test")).status).toBe(201);
  });
});

describe("a request", () => {
  test.each([
    ["an empty message", { content: " \n", client_message_id: "1" }, 422],
    ["no id", { content: "x" }, 422],
    ["an id with a space", { content: "x", client_message_id: "a b" }, 422],
    ["a message that is too long", { content: "x".repeat(32_001), client_message_id: "1" }, 422],
    ["an unknown field", { content: "x", client_message_id: "1", role: "system" }, 422],
    ["a body that is not an object", [], 422],
    ["a body that is far too long", { content: "x".repeat(300_000), client_message_id: "1" }, 413],
  ])("with %s is refused and nothing is stored", async (_what, body, status) => {
    const visitor = await newVisitor(web.url);
    const session = await visitor.openSession();
    expect((await visitor.call("POST", `/sessions/${session}/messages`, body)).status).toBe(status);
    expect((await visitor.call("GET", `/sessions/${session}/messages`)).body.data).toEqual([]);
  });

  test("gets an error that lists all its problems, in the words of the API", async () => {
    const visitor = await newVisitor(web.url);
    const path = `/sessions/${await visitor.openSession()}/messages`;
    const told = (await visitor.call("POST", path, { content: 1, role: "system" })).body.error;
    expect(told).toMatchObject({
      code: "invalid_body",
      message: expect.stringContaining("role: is not known here"),
    });
    expect(told.details.problems).toEqual([
      { path: "content", problem: "expected string, received number" },
      { path: "client_message_id", problem: "expected string, received undefined" },
      { path: "role", problem: "is not known here" },
    ]);
  });

  test("that is not JSON, or declares another type, is refused", async () => {
    const { token } = await newVisitor(web.url);
    const post = (type: string, body: string) =>
      fetch(`${web.url}/web/web/sessions`, {
        method: "POST",
        headers: { "content-type": type, authorization: `Bearer ${token}` },
        body,
      });
    expect((await post("application/json", "{")).status).toBe(400);
    expect((await post("text/plain", "{}")).status).toBe(415);
  });

  test.each(["limit=0", "limit=101", "limit=x", "after_seq=-1", "after_seq=1&before_seq=2"])(
    "for a page with %s is refused",
    async (query) => {
      const visitor = await newVisitor(web.url);
      const session = await visitor.openSession();
      expect((await visitor.call("GET", `/sessions/${session}/messages?${query}`)).status).toBe(400);
    },
  );

  test("for an unknown channel, or for one of another kind, gets 404", async () => {
    for (const path of ["/web/api/visitors", "/web/nope/visitors"]) {
      expect((await fetch(`${web.url}${path}`, { method: "POST" })).status).toBe(404);
    }
    expect((await fetch(`${web.url}/chat/api`)).status).toBe(404);
  });

  test("gets 429 with a time to wait if there are too many", async () => {
    const visitor = await newVisitor(web.url);
    const session = await visitor.openSession();
    const answers = [];
    for (let n = 0; n < 40; n++) answers.push(visitor.call("POST", "/sessions", {}));
    const refused = (await Promise.all(answers)).find(({ status }) => status === 429);
    expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await visitor.send(session, "still here")).status).toBe(202);
  });
});

describe("the hosted page", () => {
  test("may load only its own files, and only listed sites may frame it", async () => {
    const page = await fetch(`${app.url}/chat/web`);
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("frame-ancestors 'self' https://example.org;");
    expect(policy).toContain("require-trusted-types-for 'script'; trusted-types 'none'");
    const html = await page.text();
    expect(html).not.toMatch(/<style|style=|<script(?! type="module" src=)|\son\w+=/);
  });

  test("consists of files that may be cached forever, except the loader, which names them", async () => {
    const html = await (await fetch(`${app.url}/chat/web`)).text();
    const [, loader] = /src="([^"]+loader\.js)"/.exec(html) ?? [];
    const [, panel] = /modulepreload" href="([^"]+)"/.exec(html) ?? [];
    const cached = async (path = "") => (await fetch(`${app.url}${path}`)).headers.get("cache-control");
    expect(await cached(panel)).toBe("public, max-age=31536000, immutable");
    expect(await cached(loader)).toBe("public, no-cache");
    const first = await fetch(`${app.url}${loader}`);
    const etag = first.headers.get("etag") ?? "";
    expect(await first.text()).toContain(panel?.split("/").at(-1));
    const again = await fetch(`${app.url}${loader}`, { headers: { "if-none-match": etag } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    const other = await fetch(`${app.url}/widget/v1/panel-00000000.js`);
    expect([other.status, other.headers.get("cache-control")]).toEqual([404, "no-store"]);
  });

  test("has compressed files that any site may read", async () => {
    const sizes = new Map<string, number>();
    for (const encoding of ["identity", "gzip", "br"]) {
      const answer = await new Promise<IncomingMessage>((resolve) =>
        get(`${app.url}/widget/v1/loader.js`, { headers: { "accept-encoding": encoding } }, resolve),
      );
      expect(answer.headers["access-control-allow-origin"]).toBe("*");
      expect(answer.headers["content-encoding"] ?? "identity").toBe(encoding);
      const chunks = await answer.toArray();
      sizes.set(encoding, Buffer.concat(chunks).length);
    }
    expect(sizes.get("gzip")).toBeLessThanOrEqual(3 * 1024);
    expect(sizes.get("br")).toBeLessThan(sizes.get("identity") ?? 0);
  });
});

describe("an event stream", () => {
  test("continues on another process after the last seen event, without losing or repeating any", async () => {
    await using other = await startWebServer(app);
    const visitor = await newVisitor(web.url);
    const session = await visitor.openSession();
    using first = await visitor.events(session);
    await visitor.send(session, "one");
    await eventually(() => expect(first.messages()).toHaveLength(2));
    const last = first.received.findLast(({ id }) => id !== null)?.id;
    first.close();
    await visitor.send(session, "two");
    using second = await visitor.events(session, { after: Number(last), url: other.url });
    await visitor.send(session, "three");
    await eventually(() => expect(second.messages()).toHaveLength(4));
    const all = [...first.messages(), ...second.messages()];
    expect(all.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("gives ids only to stored events", async () => {
    const visitor = await newVisitor(web.url);
    const session = await visitor.openSession();
    using events = await visitor.events(session);
    await eventually(() => expect(events.received).toMatchObject([{ event: "state", id: null }]));
    await visitor.send(session, "hi");
    await eventually(() => expect(events.messages()).toHaveLength(2));
    for (const { id, event } of events.received) expect(id !== null).toBe(event === "message");
  });

  test("shows a stored message although its notice was lost", async () => {
    const visitor = await newVisitor(web.url);
    const session = await visitor.openSession();
    using events = await visitor.events(session);
    await eventually(() => expect(events.received).not.toEqual([]));
    await app.app.engine.database.pool.query(
      `WITH lane AS (UPDATE sessions SET next_seq = next_seq + 1 WHERE id = $1)
       INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content)
       VALUES ('said-quietly', $1, 1, 1, 'assistant', 'operator', 'psst')`,
      [session],
    );
    await eventually(() => expect(events.messages()).toMatchObject([{ content: "psst" }]), {
      timeoutMs: 30_000,
    });
  });

  test("never shows instructions to the bot", async () => {
    const visitor = await newVisitor(web.url);
    const session = await visitor.openSession();
    const { body } = await visitor.call("POST", `/sessions/${session}/reset`, { prompt: "SECRET" });
    using events = await visitor.events(body.id);
    await eventually(() => expect(events.messages()).toMatchObject([{ role: "assistant" }]));
    expect(events.received.filter(({ data }) => data.includes('"role":"system"'))).toEqual([]);
  });

  test("is refused with an id that it never gave", async () => {
    const visitor = await newVisitor(web.url);
    const session = await visitor.openSession();
    const address = `${web.url}/web/web/sessions/${session}/events`;
    const headers = { authorization: `Bearer ${visitor.token}`, "last-event-id": "abc" };
    expect((await fetch(address, { headers })).status).toBe(400);
  });

  test("is refused after twelve others, unless it replaces one of the same tab", async () => {
    const visitor = await newVisitor(web.url);
    const session = await visitor.openSession();
    const streams = [];
    for (let n = 0; n < 12; n++) streams.push(await visitor.events(session));
    const address = `${web.url}/web/web/sessions/${session}/events`;
    const headers = { authorization: `Bearer ${visitor.token}` };
    const refused = await fetch(address, { headers });
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).not.toBeNull();
    streams[0]?.close();
    const withTab = () => fetch(`${address}?tab=t1`, { headers });
    const first = await eventually(async () => {
      const answer = await withTab();
      expect(answer.status).toBe(200);
      return answer;
    });
    const again = await withTab();
    expect(again.status).toBe(200);
    await first.text();
    await again.body?.cancel();
    for (const stream of streams) stream.close();
  });

  test("ends when the server stops", async () => {
    const stopping = await startWebServer(app);
    const visitor = visitorWith(stopping.url, (await newVisitor(web.url)).token);
    const session = await visitor.openSession();
    using events = await visitor.events(session);
    await stopping.kill();
    await events.ended;
    expect(events.status).toBe(200);
  });
});

test("every call of a page answers 503 while the database is down, and works afterwards", async () => {
  const visitor = await newVisitor(web.url);
  const session = await visitor.openSession();
  await using outage = await closeDatabase(app.database);
  for (const [method, path, body] of [
    ["POST", "/sessions", {}],
    ["GET", "/sessions", undefined],
    ["GET", `/sessions/${session}/messages`, undefined],
    ["POST", `/sessions/${session}/read`, { seq: 1 }],
  ] as const) {
    const answer = await visitor.call(method, path, body);
    expect([path, answer.status, answer.body.error.code]).toEqual([path, 503, "database_unavailable"]);
    expect(answer.headers.get("retry-after")).toBe("2");
  }
  expect((await callWeb(web.url, "POST", "/visitors", { body: {} })).status).toBe(503);
  await outage.end();
  await eventually(async () => expect((await visitor.call("GET", "/sessions")).status).toBe(200));
});
