import { hash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createAttempts } from "../../src/http/server/attempts.ts";
import { createRateLimit } from "../../src/http/server/rate-limit.ts";
import { lockTable } from "../stories/database-outage.ts";
import { identityToken } from "./secrets.ts";
import { startWorld, type World } from "./world.ts";

const MIB = 1024 * 1024;

let world: World;
beforeAll(async () => {
  const few = { burst: 12, perMinute: 0.01 };
  const some = { burst: 20, perMinute: 0.01 };
  const addressRates = { visitors: some, sessions: few, messages: few, wrongTokens: some, wrongKeys: some };
  const unsentUploads = { perVisitor: 2 * MIB, perAddress: 4 * MIB, perKey: 0 };
  world = await startWorld({ CAUSEWAY_ATTACHMENT_MIB: "1" }, { addressRates, unsentUploads });
});
afterAll(() => world[Symbol.asyncDispose]());

/** Calls the web channel from an address, as a proxy on this machine passes it on. */
async function call(from: string, path: string, body: unknown, token?: string) {
  const headers = {
    "content-type": "application/json",
    "x-forwarded-for": from,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const response = await world.post(`/web/web${path}`, headers, JSON.stringify(body));
  const answer: unknown = await response.json();
  return { status: response.status, headers: response.headers, body: answer as Record<string, string> };
}

/** A visitor with a session. */
async function visit(from: string) {
  const { body: visitor } = await call(from, "/visitors", {});
  const { body: session } = await call(from, "/sessions", {}, visitor.token);
  return { token: visitor.token ?? "", session: session.id ?? "" };
}

/** The count of each status. */
function tally(statuses: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

describe("the limit of one address, for all its visitors together,", () => {
  const message = () => ({ content: "hello", client_message_id: randomUUID() });

  test("covers messages", async () => {
    const from = "203.0.113.10";
    const visitors = await Promise.all(Array.from({ length: 5 }, () => visit(from)));
    const statuses = await Promise.all(
      visitors.flatMap(({ token, session }) =>
        Array.from({ length: 6 }, async () => {
          return (await call(from, `/sessions/${session}/messages`, message(), token)).status;
        }),
      ),
    );
    expect(tally(statuses)).toEqual({ 202: 12, 429: 18 });
    const { token, session } = await visit("203.0.113.11");
    expect((await call("203.0.113.11", `/sessions/${session}/messages`, message(), token)).status).toBe(202);
  });

  test("covers sessions, both opened and reset", async () => {
    const from = "203.0.113.12";
    const visitors = await Promise.all(Array.from({ length: 3 }, () => visit(from)));
    const opened = visitors.flatMap(({ token, session }) =>
      Array.from({ length: 5 }, async (_, n) => {
        const path = n % 2 === 0 ? "/sessions" : `/sessions/${session}/reset`;
        return (await call(from, path, {}, token)).status;
      }),
    );
    const { 201: taken = 0, 429: refused = 0, ...others } = tally(await Promise.all(opened));
    // A session that another call started over has ended.
    expect([refused > 0, taken <= 9, Object.keys(others).filter((status) => status !== "404")]).toEqual([
      true,
      true,
      [],
    ]);
    expect((await visit("203.0.113.13")).session).not.toBe("");
  });

  test("does not apply to visitors whom the site identifies", async () => {
    const from = "203.0.113.14";
    const visitors = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const identity_token = identityToken(`user ${n}`);
        const { body } = await call(from, "/visitors", { identity_token });
        return body.token;
      }),
    );
    const opened = visitors.map(async (token) => (await call(from, "/sessions", {}, token)).status);
    expect(tally(await Promise.all(opened))).toEqual({ 201: 20 });
  });

  test.each<[string, (n: number) => string]>([
    ["an IPv6 network", (n) => `2001:db8:0:1:${n.toString(16)}::1`],
    [
      "an IPv4 address that sometimes arrives in IPv6 form",
      (n) => (n % 2 === 0 ? "198.51.100.7" : "::ffff:198.51.100.7"),
    ],
  ])("covers new visitors, and %s counts as one address", async (_, addressOf) => {
    const admitted = Array.from(
      { length: 30 },
      async (_each, n) => (await call(addressOf(n), "/visitors", {})).status,
    );
    expect(tally(await Promise.all(admitted))).toEqual({ 201: 20, 429: 10 });
  });
});

test.each(["install", "oauth"])(
  "one address can open the installation page %s only so often, and other addresses still can",
  async (page) => {
    const visit = async (from: string) => {
      const headers = { "x-forwarded-for": from };
      return (await fetch(`${world.url}/webhooks/slack/${page}`, { headers, redirect: "manual" })).status;
    };
    const from = `203.0.113.${page.length + 40}`;
    const statuses = await Promise.all(Array.from({ length: 100 }, () => visit(from)));
    expect(tally(statuses)[429]).toBeGreaterThan(0);
    expect(await visit(`198.51.100.${page.length + 40}`)).not.toBe(429);
  },
);

describe("unsent files have a limit", () => {
  const file = Buffer.alloc(0.9 * MIB, "x");
  async function upload(from: string, { token, session }: { token: string; session: string }) {
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": "text/plain",
      "x-forwarded-for": from,
    };
    const response = await world.post(`/web/web/sessions/${session}/attachments`, headers, file);
    const answer: unknown = await response.json();
    return { status: response.status, id: (answer as { id?: string }).id };
  }

  test("for each visitor, who may continue after sending them", async () => {
    const from = "203.0.113.30";
    const visitor = await visit(from);
    const kept = await Promise.all(Array.from({ length: 4 }, () => upload(from, visitor)));
    expect(tally(kept.map(({ status }) => status))).toEqual({ 201: 2, 429: 2 });
    const attachment_ids = kept.flatMap(({ id }) => id ?? []);
    const message = { content: "", client_message_id: randomUUID(), attachment_ids };
    const sent = await call(from, `/sessions/${visitor.session}/messages`, message, visitor.token);
    expect(sent.status).toBe(202);
    expect((await upload(from, visitor)).status).toBe(201);
    const { rows } = await world.pool.query(
      "SELECT 1 FROM attachments WHERE message_id IS NOT NULL AND uploaded_from IS NOT NULL",
    );
    expect(rows).toEqual([]);
  });

  test("for each address, and other addresses may still upload", async () => {
    const from = "203.0.113.31";
    const visitors = await Promise.all(Array.from({ length: 6 }, () => visit(from)));
    const kept = await Promise.all(visitors.map((visitor) => upload(from, visitor)));
    expect(tally(kept.map(({ status }) => status))).toEqual({ 201: 4, 429: 2 });
    expect((await upload("203.0.113.32", await visit("203.0.113.32"))).status).toBe(201);
  });

  test("for each key until messages use the files, and other keys may still upload", async () => {
    // Ten of the largest files may always wait, because one message may have ten files.
    const created = await world.app.api("POST", "/api_keys", { name: "other", scopes: ["messages:write"] });
    const keys = [world.app.apiKey, String(created.body.secret)];
    const opened = await world.app.api("POST", "/chat/sessions", { agent_id: "echo" });
    const session = String(opened.body.id);
    const uploadWith = async (key = "") => {
      const headers = { authorization: `Bearer ${key}`, "content-type": "text/plain" };
      const response = await world.post(`/api/v1/chat/sessions/${session}/attachments`, headers, file);
      const answer: unknown = await response.json();
      return { status: response.status, id: (answer as { id?: string }).id };
    };
    const kept = await Promise.all(Array.from({ length: 13 }, () => uploadWith(keys[0])));
    expect(tally(kept.map(({ status }) => status))).toEqual({ 201: 11, 429: 2 });
    expect((await uploadWith(keys[1])).status).toBe(201);
    const attachment_ids = kept.flatMap(({ id }) => id ?? []).slice(0, 2);
    const message = { content: "here", attachment_ids };
    expect((await world.app.api("POST", `/chat/sessions/${session}/messages`, message)).status).toBe(201);
    expect((await uploadWith(keys[0])).status).toBe(201);
  });

  test("and a file that could not be stored does not count", async () => {
    const from = "203.0.113.33";
    const visitor = await visit(from);
    const place = join(world.app.dataDir, "attachments");
    await rm(place, { recursive: true, force: true });
    await writeFile(place, "a file where a directory should be");
    for (let n = 0; n < 4; n++) expect((await upload(from, visitor)).status).toBe(503);
    await rm(place);
    expect((await upload(from, visitor)).status).toBe(201);
  });
});

describe("a client that guesses many secrets is limited without database queries", () => {
  const guess = (n: number) => `cw_${hash("sha256", String(n), "base64url")}`;
  const api = (from: string, key: string) =>
    fetch(`${world.url}/api/v1/agents`, { headers: { "x-api-key": key, "x-forwarded-for": from } });

  test("with keys", async () => {
    const from = "203.0.113.20";
    expect((await api(from, world.app.apiKey)).status).toBe(200);
    const guesses = Array.from({ length: 60 }, async (_, n) => (await api(from, guess(n))).status);
    const { 401: wrong = 0, 429: heldBack = 0 } = tally(await Promise.all(guesses));
    expect([wrong, heldBack]).toEqual([20, 40]);
    // The right key was already right from the same address.
    expect((await api(from, world.app.apiKey)).status).toBe(200);
    expect((await api("203.0.113.21", guess(0))).status).toBe(401);
    const locked = await lockTable(world.app.database, "api_keys");
    const refused = await api(from, guess(1_000));
    expect([refused.status, Number(refused.headers.get("retry-after")) > 0]).toEqual([429, true]);
    await locked.release();
  });

  test("with visitor tokens", async () => {
    const from = "203.0.113.22";
    const { token, session } = await visit(from);
    const made = (n: number) => `cwa_${hash("sha256", String(n), "base64url")}`;
    const guesses = Array.from(
      { length: 60 },
      async (_, n) => (await call(from, "/sessions", {}, made(n))).status,
    );
    const { 401: wrong = 0, 429: heldBack = 0 } = tally(await Promise.all(guesses));
    expect([wrong, heldBack]).toEqual([20, 40]);
    const message = { content: "hello", client_message_id: "m" };
    expect((await call(from, `/sessions/${session}/messages`, message, token)).status).toBe(202);
    expect((await call("203.0.113.23", "/sessions", {}, made(0))).status).toBe(401);
  });

  test("with socket tokens", async () => {
    const { body: session } = await world.app.api("POST", "/chat/sessions", { agent_id: "echo" });
    const open = async (n: number) => {
      const url = `${world.url.replace("http", "ws")}/api/v1/chat/sessions/${session.id}/ws?token=cws_${n}`;
      const socket = new WebSocket(url, { headers: { "x-forwarded-for": "203.0.113.24" } });
      socket.on("error", () => undefined);
      const [, response] = await once(socket, "unexpected-response");
      socket.terminate();
      return Number(response.statusCode);
    };
    const { 401: wrong = 0, 429: heldBack = 0 } = tally(
      await Promise.all(Array.from({ length: 60 }, (_, n) => open(n))),
    );
    expect([wrong, heldBack]).toEqual([20, 40]);
  });
});

test("a secret that was right is checked despite wrong guesses from the same address, until it is wrong", async () => {
  const attempts = createAttempts(createRateLimit({ perMinute: 1, burst: 2 }, () => 0));
  const right = async () => "found";
  const wrong = async () => null;
  expect(await attempts.check("a", "key", right)).toBe("found");
  expect(await attempts.check("a", "guess 1", wrong)).toBeNull();
  expect(await attempts.check("a", "guess 2", wrong)).toBeNull();
  await expect(attempts.check("a", "guess 3", wrong)).rejects.toMatchObject({ status: 429 });
  await expect(attempts.check("a", "another key", right)).rejects.toMatchObject({ status: 429 });
  expect(await attempts.check("a", "key", right)).toBe("found");
  expect(await attempts.check("b", "another key", right)).toBe("found");
  // The key is revoked, so from now on it counts as a guess.
  expect(await attempts.check("a", "key", wrong)).toBeNull();
  await expect(attempts.check("a", "key", wrong)).rejects.toMatchObject({ status: 429 });
});

test("a secret that many clients first use at the same moment counts once, and all are checked", async () => {
  const attempts = createAttempts(createRateLimit({ perMinute: 1, burst: 1 }, () => 0));
  const found = Array.from({ length: 100 }, () => attempts.check("a", "key", async () => "found"));
  expect(new Set(await Promise.all(found))).toEqual(new Set(["found"]));
});

test("a lookup that fails does not count as a guess", async () => {
  const attempts = createAttempts(createRateLimit({ perMinute: 1, burst: 1 }, () => 0));
  const away = async () => {
    throw new Error("the database is away");
  };
  for (let n = 0; n < 3; n++) await expect(attempts.check("a", "key", away)).rejects.toThrow("away");
  expect(await attempts.check("a", "key", async () => "found")).toBe("found");
});
