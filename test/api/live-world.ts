import { newId } from "../../src/core/ids.ts";
import type { JsonObject } from "../../src/core/text/json.ts";
import { newSecret } from "../../src/keys/api-key.ts";
import { createKeyRepository } from "../../src/keys/key-repository.ts";
import { startTestApp } from "../support/app.ts";
import { testPool } from "../support/postgres.ts";
import { addConversation } from "./api-rows.ts";
import { documentCheck } from "./openapi-check.ts";
import { type Operation, operationsOf } from "./openapi-operations.ts";

/** The wellness coach of the example, on a bot that needs no model. */
const COACH = {
  name: "Wellness coach",
  bot: { type: "echo" },
  messages: [
    {
      role: "system",
      content: "You are a wellness coach. User name: {user_name}. Exercise: {preferred_exercise}.",
    },
  ],
  variables: { user_name: { default: "friend" }, preferred_exercise: { required: true } },
};

/** The code in the example of a call. */
const EXAMPLE_CODE = "K7PX2QWM";

/** One id of each kind in a workspace. */
export interface Things {
  sessionId: string;
  executionId: string;
  userId: string;
  agentId: string;
  deliveryId: string;
  messageId: string;
  keyId: string;
  scheduleId: string;
  attachmentId: string;
  channelId: string;
  handoffId: string;
  /** The handoff of a session that a person must answer. */
  handedOffId: string;
  accessRequestId: string;
  accessGrantId: string;
  inviteId: string;
  failureId: string;
  erasureId: string;
}

/** The whole application with its document, and calls that are checked against it. */
export async function openLiveWorld() {
  const app = await startTestApp({
    agents: { echo: { bot: { type: "echo" } }, "wellness-coach": COACH },
    channels: { api: { kind: "api", agent: "echo" } },
  });
  const pool = testPool(app.database.url);
  const document: JsonObject = (await app.api("GET", "/openapi.json")).body;
  const check = documentCheck(document);

  /** Throws if the answer differs from the document. */
  async function call(
    operation: Pick<Operation, "method" | "path" | "server">,
    url: string,
    options: {
      key?: string;
      body?: unknown;
      text?: string;
      type?: string;
      headers?: Record<string, string>;
    } = {},
  ): Promise<{ status: number; body: unknown; headers: Headers }> {
    const { method, server } = operation;
    const payload = options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const response = await fetch(`${app.url}${server}${url}`, {
      method,
      headers: {
        "X-API-Key": options.key ?? app.apiKey,
        ...(payload === undefined ? {} : { "Content-Type": options.type ?? "application/json" }),
        ...options.headers,
      },
      ...(payload === undefined ? {} : { body: payload }),
    });
    const text = await response.text();
    const contentType = response.headers.get("content-type");
    const body: unknown =
      contentType?.startsWith("application/json") && text !== "" ? JSON.parse(text) : text;
    const { status, headers } = response;
    const problem = check({ method, path: url.split("?")[0] ?? "", status, contentType, body });
    if (problem !== null) throw new Error(`${problem}\n${text}`);
    return { status, body, headers };
  }

  /** A conversation over the API, and rows that the API alone does not create. */
  async function makeThings(): Promise<Things> {
    const session = await app.api("POST", "/chat/sessions", {
      agent_id: "wellness-coach",
      user: { identifier: newId(), name: "Ada" },
      variables: { preferred_exercise: "running" },
    });
    const answer = await app.api("POST", `/chat/sessions/${session.body.id}/messages`, { content: "Hello" });
    const { rows } = await pool.query("SELECT id FROM workspaces WHERE slug = 'default'");
    const channels = await pool.query("SELECT id FROM channels WHERE workspace_id = $1 AND name = 'api'", [
      rows[0].id,
    ]);
    const workspace = { id: rows[0].id, slug: "default" };
    const { deliveryId } = await addConversation(pool, workspace, { deliveryStatus: "unknown" });
    await pool.query("UPDATE deliveries SET next_attempt_at = NULL WHERE id = $1", [deliveryId]);
    const key = await createKeyRepository(app.app.engine.database).create({
      id: newId(),
      workspaceId: workspace.id,
      name: "some key",
      scopes: ["sessions:read"],
      secret: newSecret(),
    });
    const schedule = await app.api("POST", "/schedules", {
      agent_id: "wellness-coach",
      channel: "api",
      identifier: newId(),
      message_text: "Time to run.",
      every: "1d",
    });
    const attachment = await fetch(`${app.url}/api/v1/chat/sessions/${session.body.id}/attachments`, {
      method: "POST",
      headers: { "X-API-Key": app.apiKey, "Content-Type": "text/plain" },
      body: "some text",
    });
    const { id: attachmentId } = (await attachment.json()) as { id: string };
    const person = await app.api("POST", "/chat/sessions", { agent_id: "echo" });
    const handoff = await app.api("POST", `/chat/sessions/${person.body.id}/handoff`, { reason: "tired" });
    const { accessRequestId, accessGrantId } = await addStrangers(workspace.id);
    const invite = await app.api("POST", "/invites", { channel: "api" });
    return {
      sessionId: session.body.id,
      executionId: answer.body.execution_id,
      userId: session.body.user_id,
      agentId: session.body.agent_id,
      deliveryId,
      messageId: answer.body.id,
      keyId: key.id,
      scheduleId: schedule.body.id,
      attachmentId,
      channelId: channels.rows[0].id,
      handoffId: handoff.body.id,
      handedOffId: person.body.id,
      accessRequestId,
      accessGrantId,
      inviteId: invite.body.id,
      failureId: await addFailure(schedule.body.id),
      erasureId: await addErasure(workspace.id),
    };
  }

  /** A schedule run that failed for good. */
  async function addFailure(scheduleId: string): Promise<string> {
    const id = newId();
    await pool.query(
      `INSERT INTO schedule_runs (id, schedule_id, due_at, status, reason, attempts)
       VALUES ($1, $2, now(), 'failed', 'the channel was off', 8)`,
      [id, scheduleId],
    );
    return id;
  }

  /** The certificate of an erased user. */
  async function addErasure(workspaceId: string): Promise<string> {
    const id = newId();
    await pool.query(
      `INSERT INTO erasures (id, workspace_id, user_hash, actor_id, rows) VALUES ($1, $2, repeat('0', 64), $1, '{"users": 1}')`,
      [id, workspaceId],
    );
    return id;
  }

  /** Two people who request access, one with the code of the example, and one who has access. */
  async function addStrangers(workspaceId: string) {
    const [accessRequestId, accessGrantId] = [newId(), newId()];
    await pool.query("DELETE FROM access_requests WHERE code = $1", [EXAMPLE_CODE]);
    const requests: [string, string | null][] = [
      [accessRequestId, null],
      [newId(), EXAMPLE_CODE],
    ];
    for (const [id, code] of requests)
      await pool.query(
        `INSERT INTO access_requests (id, workspace_id, channel_id, identifier, place, code, text, message_ids, event_keys,
           held, expires_at)
         SELECT $1, $2, c.id, $1, 1, $3, 'hello', ARRAY[$1], ARRAY[$1], '[]', now() + interval '1 hour'
         FROM channels c WHERE c.workspace_id = $2 AND c.name = 'api'`,
        [id, workspaceId, code],
      );
    await pool.query(
      `INSERT INTO access_grants (id, workspace_id, channel_id, identifier, source, by_name, by_via)
       SELECT $1, $2, c.id, $1, 'request', 'Ada', 'api' FROM channels c WHERE c.workspace_id = $2 AND c.name = 'api'`,
      [accessGrantId, workspaceId],
    );
    return { accessRequestId, accessGrantId };
  }

  /** Another workspace in the same database, and a key with all rights there. */
  async function addWorkspace(slug: string): Promise<{ id: string; secret: string }> {
    const [id, secret] = [newId(), newSecret()];
    await pool.query("INSERT INTO workspaces (id, slug) VALUES ($1, $2)", [id, slug]);
    await createKeyRepository(app.app.engine.database).create({
      id: newId(),
      workspaceId: id,
      name: "other",
      scopes: ["admin"],
      secret,
    });
    return { id, secret };
  }

  return {
    app,
    pool,
    document,
    operations: operationsOf(document),
    call,
    makeThings,
    addWorkspace,
    async [Symbol.asyncDispose]() {
      await pool.end();
      await app[Symbol.asyncDispose]();
    },
  };
}

/** A path with these ids filled in. */
export function pathWith(things: Things, operation: Pick<Operation, "path">): string {
  const main: Record<string, string> = {
    "/chat/sessions/{id}/handoff": things.handedOffId,
    "/chat/sessions": things.sessionId,
    "/executions": things.executionId,
    "/agents": things.agentId,
    "/users": things.userId,
    "/deliveries": things.deliveryId,
    "/messages": things.messageId,
    "/api_keys": things.keyId,
    "/schedules": things.scheduleId,
    "/attachments": things.attachmentId,
    "/channels": things.channelId,
    "/handoffs": things.handoffId,
    "/access_requests": things.accessRequestId,
    "/access_grants": things.accessGrantId,
    "/invites": things.inviteId,
    "/failures": things.failureId,
    "/erasures": things.erasureId,
    "/models": "echo",
  };
  const [prefix] = Object.keys(main).filter((candidate) => operation.path.startsWith(`${candidate}/`));
  return operation.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = name === "agent_id" ? things.agentId : name === "n" ? "1" : main[prefix ?? ""];
    if (value === undefined) throw new Error(`no id for ${operation.path}: teach pathWith about it`);
    return value;
  });
}
