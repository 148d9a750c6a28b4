import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ServiceProcess } from "../support/process.ts";
import { patiently, query } from "./conversations.ts";
import { contentOf, type ServerSent, serverSent } from "./server-sent.ts";
import { API_KEY, type SharedEngine, sharedEngine } from "./shared-engine.ts";

const WORDS = Array.from({ length: 60 }, (_, n) => `word${n + 1}`).join(" ");

const CONFIG = {
  workspace: "default",
  agents: {
    talker: {
      bot: {
        type: "script",
        replies: [
          { match: "words", say: WORDS, wordDelayMs: 25 },
          { match: "for ever", say: "never", delayMs: 600_000 },
        ],
        sequence: [{ say: "hello" }],
      },
    },
    hasty: {
      bot: {
        type: "script",
        replies: [
          { match: "now", say: "at once" },
          { match: "for ever", say: "never", delayMs: 600_000 },
        ],
      },
      turns: { policy: "interrupt" },
    },
  },
  channels: {
    api: { kind: "api", agent: "talker" },
    web: { kind: "web", agent: "talker" },
  },
};

describe("a turn on a worker", { timeout: 300_000 }, () => {
  let engine: SharedEngine;
  let here: ServiceProcess;
  let there: ServiceProcess;
  let worker: ServiceProcess;
  beforeAll(async () => {
    engine = await sharedEngine({ config: CONFIG });
    here = await engine.start("web");
    [there, worker] = await Promise.all([engine.start("web"), engine.start("worker")]);
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
  });

  it("gives its answer to the process that received the request", async () => {
    const session = await openSession(here);
    const answer = await call(there, "POST", `/chat/sessions/${session}/messages`, { content: "hi" });
    expect(answer).toMatchObject({ status: 201, body: { role: "assistant", content: "hello" } });
  });

  it("can be followed on any process, complete and with the same ids, during and after it", async () => {
    const session = await openSession(here);
    const sending = await stream(here, "POST", `/chat/sessions/${session}/messages/stream`, {
      content: "words",
    });
    const first: ServerSent[] = [];
    let elsewhere: Promise<ServerSent[]> | null = null;
    for await (const event of sending) {
      first.push(event);
      elsewhere ??= watch(there, String(event.data.execution_id));
    }
    const second = await elsewhere;
    const after = await watch(there, String(first[0]?.data.execution_id));
    for (const seen of [first, second ?? [], after]) {
      expect(seen[0]?.event).toBe("execution");
      expect(contentOf(seen)).toBe(WORDS);
      expect(seen.filter(({ event }) => event === "done")).toEqual([first.at(-1)]);
      expect(seen.at(-1)?.data.output).toEqual({ content: WORDS });
    }
    // The client followed the turn while it ran, and did not read it afterwards.
    expect(second?.length).toBeGreaterThan(10);
  });

  it("can be resumed on another process with Last-Event-ID, without lost or repeated events", async () => {
    const session = await openSession(here);
    const sending = await stream(here, "POST", `/chat/sessions/${session}/messages/stream`, {
      content: "words",
    });
    const seen: ServerSent[] = [];
    for await (const event of sending) {
      seen.push(event);
      if (seen.length === 12) break;
    }
    const execution = String(seen[0]?.data.execution_id);
    for await (const event of await stream(there, "GET", `/executions/${execution}/stream`, undefined, {
      "last-event-id": String(seen.at(-1)?.id),
    })) {
      seen.push(event);
    }
    expect(contentOf(seen)).toBe(WORDS);
    expect(seen.map(({ event }) => event).filter((event) => event !== "content")).toEqual([
      "execution",
      "done",
    ]);
    const ids = seen.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => Number(a) - Number(b)));
  });

  it("continues for its followers when its worker is killed", async () => {
    const session = await openSession(here);
    const sending = await stream(here, "POST", `/chat/sessions/${session}/messages/stream`, {
      content: "words",
    });
    const next = engine.start("worker");
    const seen: ServerSent[] = [];
    for await (const event of sending) {
      seen.push(event);
      if (seen.length !== 5) continue;
      await worker.kill();
      worker = await next;
    }
    expect(contentOf(seen)).toBe(WORDS);
    expect(seen.at(-1)).toMatchObject({ event: "done", data: { output: { content: WORDS } } });
    const { body } = await call(there, "GET", `/chat/sessions/${session}/messages`);
    expect(body.data.map(({ content }: { content: string }) => content)).toEqual(["words", WORDS]);
  });

  it("can be cancelled from another process, and the messages behind it are answered", async () => {
    const session = await openSession(here);
    const sending = call(here, "POST", `/chat/sessions/${session}/messages`, { content: "for ever" });
    const execution = await runningIn(session);
    const behind = call(there, "POST", `/chat/sessions/${session}/messages`, { content: "hi" });
    expect((await call(there, "POST", `/executions/${execution}/cancel`)).status).toBe(200);
    expect(await sending).toMatchObject({ status: 409, body: { error: { code: "execution_cancelled" } } });
    expect(await behind).toMatchObject({ status: 201, body: { content: "hello" } });
    expect((await call(here, "POST", `/executions/${execution}/cancel`)).status).toBe(409);
  });

  it("is interrupted by a message that another process receives", async () => {
    const session = await openSession(here, "hasty");
    const sending = call(here, "POST", `/chat/sessions/${session}/messages`, { content: "for ever" });
    await runningIn(session);
    const newer = await call(there, "POST", `/chat/sessions/${session}/messages`, { content: "now" });
    expect(newer).toMatchObject({ status: 201, body: { content: "at once" } });
    // Both are answered together, so the caller that waited for the first one gets the same answer.
    expect((await sending).body.id).toBe(newer.body.id);
    const { body } = await call(there, "GET", `/chat/sessions/${session}/messages`);
    expect(body.data.map(({ content }: { content: string }) => content)).toEqual([
      "for ever",
      "now",
      "at once",
    ]);
  });

  it("shows messages from one process on a visitor's page on another process", async () => {
    const { body: visitor } = await visit(here, "POST", "/visitors", undefined, {});
    const authorization = `Bearer ${visitor.token}`;
    const { body: session } = await visit(here, "POST", "/sessions", authorization, {});
    const url = `${there.url}/web/web/sessions/${session.id}/events`;
    const events = serverSent(await fetch(url, { headers: { authorization } }));
    const posted = await visit(here, "POST", `/sessions/${session.id}/messages`, authorization, {
      content: "words",
      client_message_id: "m1",
    });
    expect(posted.status).toBe(202);
    const seen: ServerSent[] = [];
    for await (const event of events) {
      seen.push(event);
      if (event.event === "message" && event.data.role === "assistant") break;
    }
    const turns = seen.flatMap(({ event, data }) => (event === "turn" ? [data.event] : []));
    expect(turns.length).toBeGreaterThan(10);
    expect(seen.filter(({ event }) => event === "message").map(({ data }) => data.content)).toEqual([
      "words",
      WORDS,
    ]);
  });

  async function runningIn(session: string): Promise<string> {
    return await patiently(async () => {
      const [row] = await query(
        engine.databaseUrl,
        `SELECT id FROM executions WHERE session_id = '${session}' AND status = 'running'`,
      );
      if (!row) throw new Error("nothing runs yet");
      return String(row.id);
    });
  }
});

async function openSession(on: ServiceProcess, agent = "talker"): Promise<string> {
  const { status, body } = await call(on, "POST", "/chat/sessions", { agent_id: agent });
  expect(status).toBe(201);
  return body.id;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
type Answer = { status: number; body: any };

async function call(on: ServiceProcess, method: string, path: string, body?: unknown): Promise<Answer> {
  return await answerOf(await request(`${on.url}/api/v1${path}`, method, `Bearer ${API_KEY}`, body));
}

async function visit(
  on: ServiceProcess,
  method: string,
  path: string,
  authorization: string | undefined,
  body: unknown,
): Promise<Answer> {
  return await answerOf(await request(`${on.url}/web/web${path}`, method, authorization, body));
}

async function stream(
  on: ServiceProcess,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<AsyncGenerator<ServerSent>> {
  return serverSent(await request(`${on.url}/api/v1${path}`, method, `Bearer ${API_KEY}`, body, headers));
}

async function watch(on: ServiceProcess, execution: string): Promise<ServerSent[]> {
  const seen: ServerSent[] = [];
  for await (const event of await stream(on, "GET", `/executions/${execution}/stream`)) seen.push(event);
  return seen;
}

function request(
  url: string,
  method: string,
  authorization: string | undefined,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, {
    method,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, body: await response.json() };
}
