import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestApp } from "../support/app.ts";
import { startChatApp } from "./chat-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startChatApp();
});
afterAll(() => app[Symbol.asyncDispose]());

const create = async (body: Record<string, unknown> = {}) => {
  const answer = await app.api("POST", "/chat/sessions", { agent_id: "echo", ...body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
};
const get = async (id: string) => (await app.api("GET", `/chat/sessions/${id}`)).body;
const patch = (id: string, body: unknown) => app.api("PATCH", `/chat/sessions/${id}`, body);

describe("creating a session", () => {
  it("returns the whole object, which a later GET returns again", async () => {
    const session = await create({
      title: "Support conversation",
      situation: "You are Sara.",
      metadata: { db_uuid: "1234" },
      external_id: "ext-1",
      user: { identifier: "external-user-123", name: "Ada" },
    });
    expect(session).toEqual({
      id: expect.stringMatching(/^[0-9A-Za-z]{27}$/),
      workspace_id: expect.stringMatching(/^[0-9A-Za-z]{27}$/),
      agent_id: expect.stringMatching(/^[0-9A-Za-z]{27}$/),
      agent_version: 1,
      user_id: expect.stringMatching(/^[0-9A-Za-z]{27}$/),
      channel: "api",
      external_id: "ext-1",
      status: "active",
      end_reason: null,
      title: "Support conversation",
      situation: "You are Sara.",
      summary: null,
      render_templates: false,
      variables: {},
      metadata: { db_uuid: "1234" },
      participant_data: {},
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updated_at: session.created_at,
      last_activity_at: session.created_at,
      ended_at: null,
      handoff: null,
    });
    expect(await get(session.id)).toEqual(session);
  });

  it("needs only an agent, by slug or by id", async () => {
    const bySlug = await create();
    expect(bySlug).toMatchObject({ user_id: null, title: null, situation: null, metadata: {} });
    expect((await create({ agent_id: bySlug.agent_id })).agent_id).toBe(bySlug.agent_id);
  });

  it("treats null as a missing value", async () => {
    const names = ["user_id", "user", "version", "channel", "external_id", "title", "situation", "variables"];
    const nulls = Object.fromEntries([...names, "metadata", "render_templates"].map((name) => [name, null]));
    const session = await create(nulls);
    const left = { user_id: null, channel: "api", variables: {}, metadata: {}, render_templates: false };
    expect(session).toMatchObject(left);
  });

  it("finds an existing user by identifier, and accepts a user by id", async () => {
    const first = await create({ user: { identifier: "grace", name: "Grace" } });
    expect((await create({ user: { identifier: "grace" } })).user_id).toBe(first.user_id);
    expect((await create({ user_id: first.user_id })).user_id).toBe(first.user_id);
  });

  it.each([
    [{}, 422, "invalid_body"],
    [{ agent_id: "nobody" }, 404, "agent_not_found"],
    [{ agent_id: "echo", user_id: "nobody" }, 404, "user_not_found"],
    [{ agent_id: "echo", channel: "nowhere" }, 404, "channel_not_found"],
    [{ agent_id: "echo", version: 99 }, 404, "version_not_found"],
    [{ agent_id: "echo", user_id: "a", user: { identifier: "b" } }, 422, "ambiguous_user"],
    [{ agent_id: "echo", agentId: "echo" }, 422, "invalid_body"],
    [{ agent_id: "echo", metadata: [] }, 422, "invalid_body"],
    [{ agent_id: "echo", variables: { a: {} } }, 422, "invalid_body"],
    [{ agent_id: "echo", title: "" }, 422, "invalid_body"],
  ])("refuses %j", async (body, status, code) => {
    const answer = await app.api("POST", "/chat/sessions", body);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });

  it.each([
    [{ big: 12345678901234567890n }, "metadata.big"],
    [{ list: [1, { deep: -9007199254740993n }] }, "metadata.list[1].deep"],
  ])("refuses a number that cannot be stored exactly, and names its place: %#", async (metadata, path) => {
    // Written as text, because JavaScript's own JSON cannot contain this number.
    const body = JSON.stringify({ agent_id: "echo", metadata }, (_, value) =>
      typeof value === "bigint" ? `n${value}` : value,
    ).replaceAll(/"n(-?\d+)"/g, "$1");
    const response = await fetch(`${app.url}/api/v1/chat/sessions`, {
      method: "POST",
      headers: { authorization: `Bearer ${app.apiKey}`, "content-type": "application/json" },
      body,
    });
    const { error } = (await response.json()) as { error: { details: unknown } };
    const problem = "is too large to be stored exactly: send it as text";
    expect([response.status, error.details]).toEqual([422, { problems: [{ path, problem }] }]);
  });

  it("refuses a user of another channel", async () => {
    const { user_id } = await create({ channel: "other", user: { identifier: "linus" } });
    const answer = await app.api("POST", "/chat/sessions", { agent_id: "echo", user_id });
    expect([answer.status, answer.body.error.code]).toEqual([422, "user_of_other_channel"]);
    expect((await create({ channel: "other", user_id })).channel).toBe("other");
  });

  it("allows an external id in one open session at a time", async () => {
    const session = await create({ external_id: "order-7" });
    const again = await app.api("POST", "/chat/sessions", { agent_id: "echo", external_id: "order-7" });
    expect(again.status).toBe(409);
    expect(again.body.error).toMatchObject({
      code: "session_exists",
      details: { session_id: session.id },
    });
    await app.api("POST", `/chat/sessions/${session.id}/end`, {});
    expect((await create({ external_id: "order-7" })).id).not.toBe(session.id);
  });

  it("creates one session per key, even for repeated and parallel calls", async () => {
    const body = { agent_id: "echo", title: "once" };
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        app.api("POST", "/chat/sessions", body, { "idempotency-key": "create-once" }),
      ),
    );
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
    const other = await app.api(
      "POST",
      "/chat/sessions",
      { agent_id: "echo" },
      { "idempotency-key": "create-once" },
    );
    expect([other.status, other.body.error.code]).toEqual([409, "idempotency_key_reused"]);
  });
});

describe("variables", () => {
  it("give each session of one agent version its own values", async () => {
    const render = async (variables: object) => {
      const session = await create({ agent_id: "coach", variables });
      const { body } = await app.api("POST", `/chat/sessions/${session.id}/render`, { content: "Hi" });
      return body.messages;
    };
    const [ada, bob] = [
      await render({ user_name: "Ada", preferred_exercise: "running" }),
      await render({ preferred_exercise: "meditation" }),
    ];
    expect(ada).toEqual([
      { role: "system", content: "You are a wellness coach.\nUser name: Ada\nPreferred exercise: running" },
      { role: "user", content: "I feel tired." },
      { role: "assistant", content: "Then let us breathe, Ada." },
      { role: "user", content: "Hi" },
    ]);
    expect(bob[0].content).toContain("User name: friend\nPreferred exercise: meditation");
  });

  it("that are required must come from the caller or from the user's data", async () => {
    const bare = await app.api("POST", "/chat/sessions", { agent_id: "coach" });
    expect(bare.status).toBe(422);
    expect(bare.body.error).toMatchObject({
      code: "missing_variables",
      details: { missing: ["preferred_exercise"] },
    });
    const first = await create({
      agent_id: "coach",
      user: { identifier: "known" },
      variables: { preferred_exercise: "yoga" },
    });
    await app.api("PATCH", `/users/${first.user_id}/data/${first.agent_id}`, {
      preferred_exercise: "rowing",
    });
    const second = await create({ agent_id: "coach", user: { identifier: "known" } });
    expect(second.participant_data).toEqual({ preferred_exercise: "rowing" });
    const { body } = await app.api("POST", `/chat/sessions/${second.id}/render`, {});
    expect(body.messages[0].content).toContain("Preferred exercise: rowing");
  });

  it("that the agent does not define are refused, and the error lists the defined ones", async () => {
    const { status, body } = await app.api("POST", "/chat/sessions", {
      agent_id: "coach",
      variables: { preferred_exercise: "yoga", shoe_size: 42 },
    });
    expect(status).toBe(422);
    expect(body.error).toMatchObject({
      code: "unknown_variables",
      details: { unknown: ["shoe_size"], known: ["user_name", "preferred_exercise"] },
    });
  });
});

describe("changing a session", () => {
  const full = () =>
    create({
      agent_id: "coach",
      title: "T",
      situation: "S",
      external_id: `x-${Math.random()}`,
      variables: { user_name: "Ada", preferred_exercise: "yoga" },
      metadata: { a: 1, b: { c: 2, d: [1, 2] } },
      render_templates: true,
    });

  it.each([
    [{}, {}],
    [{ situation: "New" }, { situation: "New" }],
    [{ situation: null }, { situation: null }],
    [{ title: "New" }, { title: "New" }],
    [{ title: null }, { title: null }],
    [{ title: "T" }, {}],
    [{ situation: "" }, { situation: "" }],
    [{ summary: "Short." }, { summary: "Short." }],
    [{ summary: null }, {}],
    [{ external_id: null }, { external_id: null }],
    [{ external_id: "own name" }, { external_id: "own name" }],
    [{ render_templates: true }, {}],
    [{ render_templates: false }, { render_templates: false }],
    [{ render_templates: null }, { render_templates: false }],
    [{ metadata: { a: null } }, { metadata: { b: { c: 2, d: [1, 2] } } }],
    [{ metadata: { b: { c: null, e: 3 } } }, { metadata: { a: 1, b: { d: [1, 2], e: 3 } } }],
    [{ metadata: { b: { d: [3] } } }, { metadata: { a: 1, b: { c: 2, d: [3] } } }],
    [{ metadata: { a: "1" } }, { metadata: { a: "1", b: { c: 2, d: [1, 2] } } }],
    [{ metadata: { b: null, e: {} } }, { metadata: { a: 1, e: {} } }],
    [{ metadata: { a: 1, b: { c: 2 } } }, {}],
    [{ metadata: { nothing: null } }, {}],
    [{ metadata: {} }, {}],
    [{ variables: {} }, {}],
    [{ variables: { user_name: "Ada" } }, {}],
    [{ metadata: null }, { metadata: {} }],
    [{ variables: { user_name: null } }, { variables: { preferred_exercise: "yoga" } }],
    [
      { title: "New", situation: null, metadata: { a: null } },
      { title: "New", situation: null, metadata: { b: { c: 2, d: [1, 2] } } },
    ],
    [
      { variables: { preferred_exercise: "rowing" } },
      { variables: { user_name: "Ada", preferred_exercise: "rowing" } },
    ],
  ])("with %j changes exactly that", async (changes, expected) => {
    const before = await full();
    const { status, body } = await patch(before.id, changes);
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body).toEqual({ ...before, ...expected, updated_at: body.updated_at });
    expect(await get(before.id)).toEqual(body);
    const changed = Object.keys(expected).length > 0;
    expect(body.updated_at !== before.updated_at).toBe(changed);
    expect(body.last_activity_at).toBe(before.last_activity_at);
  });

  it.each([
    ["agent_id"],
    ["user_id"],
    ["user"],
    ["channel"],
    ["version"],
    ["id"],
    ["workspace_id"],
    ["status"],
    ["end_reason"],
    ["created_at"],
    ["updated_at"],
    ["last_activity_at"],
    ["ended_at"],
    ["participant_data"],
  ])("does not change %s", async (field) => {
    const before = await create();
    const { status, body } = await patch(before.id, { [field]: before[field] ?? null, title: "New" });
    expect([status, body.error.code]).toEqual([422, "immutable_field"]);
    expect(await get(before.id)).toEqual(before);
  });

  it.each([
    [{ titel: "x" }, "invalid_body"],
    [{ agentId: "echo" }, "invalid_body"],
    [{ title: 7 }, "invalid_body"],
    [{ title: "" }, "invalid_body"],
    [{ title: "x".repeat(501) }, "invalid_body"],
    [{ title: "New", situation: 7 }, "invalid_body"],
    [{ external_id: "" }, "invalid_body"],
    [{ render_templates: "true" }, "invalid_body"],
    [{ variables: { user_name: {} } }, "invalid_body"],
    [[], "invalid_body"],
    [{ metadata: "x" }, "invalid_body"],
    [{ metadata: [1] }, "invalid_body"],
    [{ variables: null }, "missing_variables"],
    [{ variables: { preferred_exercise: null } }, "missing_variables"],
    [{ variables: { shoe_size: 42 } }, "unknown_variables"],
  ])("refuses %j and changes nothing", async (changes, code) => {
    const before = await full();
    const { status, body } = await patch(before.id, changes);
    expect([status, body.error.code]).toEqual([422, code]);
    expect(await get(before.id)).toEqual(before);
  });

  it("also works on a completed session", async () => {
    const { id } = await create();
    await app.api("POST", `/chat/sessions/${id}/end`, {});
    const { status, body } = await patch(id, { metadata: { reviewed: true } });
    expect([status, body.status, body.metadata]).toEqual([200, "completed", { reviewed: true }]);
  });

  it("answers 404 for an unknown session", async () => {
    const { status, body } = await patch("nothing", { title: "New" });
    expect([status, body.error.code]).toEqual([404, "session_not_found"]);
  });

  it("merges the changes of parallel callers", async () => {
    const { id } = await create();
    await Promise.all(Array.from({ length: 8 }, (_, n) => patch(id, { metadata: { [`key${n}`]: n } })));
    expect(Object.keys((await get(id)).metadata)).toHaveLength(8);
  });

  it("stores keys that look like code as data", async () => {
    const { id } = await create();
    const response = await fetch(`${app.url}/api/v1/chat/sessions/${id}`, {
      method: "PATCH",
      headers: { authorization: `Bearer ${app.apiKey}`, "content-type": "application/json" },
      body: '{"metadata":{"__proto__":{"polluted":true},"constructor":1}}',
    });
    expect(await response.text()).toContain('"__proto__":{"polluted":true}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("refuses an external id that is in use", async () => {
    await create({ external_id: "taken" });
    const { id } = await create({ external_id: "mine" });
    const { status, body } = await patch(id, { external_id: "taken" });
    expect([status, body.error.code]).toEqual([409, "external_id_taken"]);
  });

  it("affects the next turn, and not the stored messages", async () => {
    const session = await create({ situation: "Be brief." });
    await app.api("POST", `/chat/sessions/${session.id}/messages`, { content: "Hello" });
    await patch(session.id, { situation: "Be long." });
    const { body } = await app.api("POST", `/chat/sessions/${session.id}/render`, { content: "Again" });
    expect(body.messages).toEqual([
      { role: "system", content: "Be long." },
      { role: "user", content: "Hello" },
      { role: "assistant", content: "You said: Hello" },
      { role: "user", content: "Again" },
    ]);
  });
});

describe("templates", () => {
  const situation = "For {{ user.name }} in {{ session.metadata.place }} with {{ agent.name }}.";
  const messages = async (render_templates: boolean) => {
    const { id } = await create({
      situation,
      render_templates,
      metadata: { place: "Oslo" },
      user: { identifier: "ada", name: "Ada" },
    });
    const content = "{{ session.metadata.place }} {user_name}";
    return (await app.api("POST", `/chat/sessions/${id}/render`, { content })).body.messages;
  };

  it("are filled in only where the session asks for it, and never in user messages", async () => {
    expect(await messages(true)).toEqual([
      { role: "system", content: "For Ada in Oslo with echo." },
      { role: "user", content: "{{ session.metadata.place }} {user_name}" },
    ]);
    expect((await messages(false))[0].content).toBe(situation);
  });
});

describe("deleting a session", () => {
  it("deletes it permanently", async () => {
    const session = await create({ user: { identifier: "gone" } });
    const sent = await app.api("POST", `/chat/sessions/${session.id}/messages`, { content: "Hello" });
    const removed = await app.api("DELETE", `/chat/sessions/${session.id}`);
    expect([removed.status, removed.body]).toEqual([204, null]);
    for (const path of [
      `/chat/sessions/${session.id}`,
      `/chat/sessions/${session.id}/messages`,
      `/executions/${sent.body.execution_id}`,
    ]) {
      expect((await app.api("GET", path)).status).toBe(404);
    }
    expect((await app.api("DELETE", `/chat/sessions/${session.id}`)).status).toBe(404);
    expect((await app.api("GET", `/users/${session.user_id}`)).status).toBe(200);
  });
});

describe("an id of the wrong kind", () => {
  it("is not found, and the answer names the expected resource", async () => {
    const session = await create();
    const answer = await app.api("POST", `/chat/sessions/${session.agent_id}/messages`, { content: "Hi" });
    expect(answer.status).toBe(404);
    expect(answer.body.error).toMatchObject({
      code: "session_not_found",
      message: expect.stringContaining(session.agent_id),
      request_id: expect.any(String),
    });
  });
});

describe("ending and resetting", () => {
  it("completes a session once", async () => {
    const session = await create();
    const ended = await app.api("POST", `/chat/sessions/${session.id}/end`, { trigger_events: false });
    expect(ended.status).toBe(200);
    expect(ended.body).toMatchObject({
      status: "completed",
      end_reason: "api",
      ended_at: expect.any(String),
    });
    const again = await app.api("POST", `/chat/sessions/${session.id}/end`, {});
    expect([again.status, again.body.error.code]).toEqual([409, "session_completed"]);
  });

  it("starts a new session that keeps everything except the history", async () => {
    const session = await create({
      agent_id: "coach",
      situation: "S",
      metadata: { a: 1 },
      variables: { preferred_exercise: "yoga" },
      user: { identifier: "reset-me" },
    });
    await app.api("POST", `/chat/sessions/${session.id}/messages`, { content: "Remember this" });
    const { status, body } = await app.api("POST", `/chat/sessions/${session.id}/reset`, {
      trigger_events: true,
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      status: "active",
      situation: "S",
      metadata: { a: 1 },
      variables: { preferred_exercise: "yoga" },
      user_id: session.user_id,
    });
    expect(body.id).not.toBe(session.id);
    expect(await get(session.id)).toMatchObject({ status: "completed", end_reason: "api" });
    const rendered = await app.api("POST", `/chat/sessions/${body.id}/render`, { content: "Hi" });
    expect(JSON.stringify(rendered.body)).not.toContain("Remember this");
    const again = await app.api("POST", `/chat/sessions/${session.id}/reset`, {});
    expect([again.status, again.body.error.code]).toEqual([409, "session_completed"]);
  });

  it("opens the new session with a literal text", async () => {
    const session = await create();
    const { body } = await app.api("POST", `/chat/sessions/${session.id}/reset`, { text: "Welcome back." });
    const { body: list } = await app.api("GET", `/chat/sessions/${body.id}/messages`);
    expect(list.data).toMatchObject([
      { seq: 1, role: "assistant", origin: "operator", content: "Welcome back." },
    ]);
    const rendered = await app.api("POST", `/chat/sessions/${body.id}/render`, { content: "Thanks" });
    expect(rendered.body.messages).toEqual([
      { role: "assistant", content: "Welcome back." },
      { role: "user", content: "Thanks" },
    ]);
  });

  it("opens the new session with the bot's answer to a prompt", async () => {
    const session = await create();
    const { body } = await app.api("POST", `/chat/sessions/${session.id}/reset`, { prompt: "Greet Ada." });
    const { body: executions } = await app.api("GET", `/executions?session_id=${body.id}`);
    expect(executions.data).toHaveLength(1);
    const stream = await fetch(`${app.url}/api/v1/executions/${executions.data[0].id}/stream`, {
      headers: { authorization: `Bearer ${app.apiKey}` },
    });
    expect(await stream.text()).toContain("event: done");
    const { body: said } = await app.api("GET", `/chat/sessions/${body.id}/messages`);
    expect(said.data).toMatchObject([{ role: "assistant", origin: "bot", content: "You said: Greet Ada." }]);
    const { body: all } = await app.api("GET", `/chat/sessions/${body.id}/messages?include=instruction`);
    expect(all.data.map((message: { role: string }) => message.role)).toEqual(["system", "assistant"]);
  });

  it("refuses a prompt and a text together", async () => {
    const session = await create();
    const { status, body } = await app.api("POST", `/chat/sessions/${session.id}/reset`, {
      prompt: "a",
      text: "b",
    });
    expect([status, body.error.code]).toEqual([422, "invalid_body"]);
    expect((await get(session.id)).status).toBe("active");
  });
});
