import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BotError } from "../../src/core/faults/errors.ts";
import type { TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { startChatApp } from "./chat-app.ts";

const bot = createScriptedBot(() => {});
let app: TestApp;
beforeAll(async () => {
  app = await startChatApp({
    bots: { scripted: bot.definition },
    agents: {
      scripted: { bot: { type: "scripted" }, turns: { policy: "collect", attempts: 1, apology: "Sorry." } },
    },
  });
});
afterAll(() => app[Symbol.asyncDispose]());

const open = async (body: Record<string, unknown> = {}): Promise<string> =>
  (await app.api("POST", "/chat/sessions", { agent_id: "actor", ...body })).body.id;
const say = (id: string, content: string) => app.api("POST", `/chat/sessions/${id}/messages`, { content });
const executions = async (query: string) => (await app.api("GET", `/executions?${query}`)).body;

describe("an execution", () => {
  it("shows the turn's result, usage and steps", async () => {
    const id = await open();
    const { body: answer } = await say(id, "think");
    const { body } = await app.api("GET", `/executions/${answer.execution_id}`);
    expect(body).toMatchObject({
      id: answer.execution_id,
      session_id: id,
      agent_version: 1,
      channel: "api",
      user_id: null,
      user_message_id: answer.user_message_id,
      status: "completed",
      attempts: 1,
      error: null,
      merged_into: null,
      cancel_requested_at: null,
      duration_ms: expect.any(Number),
      started_at: expect.stringMatching(/\.\d{3}Z$/),
      ended_at: expect.stringMatching(/\.\d{3}Z$/),
    });
    expect(body.events.map(({ event }: { event: string }) => event)).toEqual([
      "execution",
      "thinking",
      "tool_start",
      "tool_end",
      "content",
      "done",
    ]);
  });

  it("is found by session, agent, channel and status, newest first", async () => {
    const id = await open({ channel: "other" });
    const [first, second] = [await say(id, "hello"), await say(id, "fail")];
    const ids = async (query: string) => (await executions(query)).data.map(({ id }: { id: string }) => id);
    const [older, newer] = [first.body.execution_id, second.body.error.details.execution_id];
    expect(await ids(`session_id=${id}`)).toEqual([newer, older]);
    expect(await ids(`session_id=${id}&status=failed`)).toEqual([newer]);
    expect(await ids("channel=other&agent_id=actor")).toEqual([newer, older]);
    expect(await ids("channel=other&agent_id=echo")).toEqual([]);
    const page = await executions(`session_id=${id}&limit=1`);
    expect(page.meta).toMatchObject({ total: 2, total_pages: 2 });
    expect(await ids(`session_id=${id}&cursor=${page.meta.next_cursor}`)).toEqual([older]);
  });

  it.each(["status=done", "limit=0", "colour=blue"])("list refuses %s", async (query) => {
    expect((await app.api("GET", `/executions?${query}`)).status).toBe(400);
  });

  it("is 404 when it does not exist", async () => {
    const id = await open();
    for (const [method, path] of [
      ["GET", `/executions/${id}`],
      ["POST", `/executions/${id}/cancel`],
      ["POST", `/executions/${id}/retry`],
      ["GET", `/executions/${id}/stream`],
    ] as const) {
      const { status, body } = await app.api(method, path, method === "POST" ? {} : undefined);
      expect([status, body.error.code]).toEqual([404, "execution_not_found"]);
    }
  });
});

describe("cancelling", () => {
  const running = (id: string) =>
    eventually(async () => {
      const { data } = await executions(`session_id=${id}&status=running`);
      expect(data).toHaveLength(1);
      return data[0].id as string;
    });

  it("stops a running bot, and the next message is answered", async () => {
    const id = await open();
    const waiting = say(id, "wait for it");
    const execution = await running(id);
    const { status, body } = await app.api("POST", `/executions/${execution}/cancel`, {});
    expect([status, body.cancel_requested_at]).toEqual([200, expect.any(String)]);
    const refused = await waiting;
    expect([refused.status, refused.body.error.code]).toEqual([409, "execution_cancelled"]);
    expect((await app.api("GET", `/executions/${execution}`)).body).toMatchObject({
      status: "cancelled",
      attempts: 1,
      error: { code: "cancelled" },
    });
    expect((await say(id, "hello")).status).toBe(201);
    const again = await app.api("POST", `/executions/${execution}/cancel`, {});
    expect([again.status, again.body.error.code]).toEqual([409, "execution_ended"]);
  });

  it("prevents a waiting execution from starting", async () => {
    const id = await open();
    const first = say(id, "wait for it");
    const ahead = await running(id);
    const second = say(id, "hello");
    const pending = await eventually(async () => {
      const { data } = await executions(`session_id=${id}&status=pending`);
      expect(data).toHaveLength(1);
      return data[0].id as string;
    });
    expect((await app.api("POST", `/executions/${pending}/cancel`, {})).status).toBe(200);
    expect((await app.api("POST", `/executions/${ahead}/cancel`, {})).status).toBe(200);
    for (const refused of await Promise.all([first, second])) {
      expect([refused.status, refused.body.error.code]).toEqual([409, "execution_cancelled"]);
    }
    expect((await say(id, "and now")).status).toBe(201);
    const { body } = await app.api("GET", `/chat/sessions/${id}/messages`);
    const said = body.data.filter(({ role }: { role: string }) => role === "assistant");
    expect(said).toHaveLength(1);
    expect((await app.api("GET", `/executions/${pending}`)).body).toMatchObject({
      status: "cancelled",
      attempts: 0,
    });
  });
});

describe("retrying a failed turn", () => {
  const retry = (execution: string, headers?: Record<string, string>) =>
    app.api("POST", `/executions/${execution}/retry`, {}, headers);
  const failed = async (id: string) => (await say(id, "fail")).body.error.details.execution_id as string;
  const ended = (execution: string, status: string) =>
    eventually(async () => {
      const { body } = await app.api("GET", `/executions/${execution}`);
      expect(body.status).toBe(status);
      return body;
    });

  it("runs the newest failed turn again with all its messages, once for each key", async () => {
    const id = await open({ agent_id: "scripted" });
    const opening = say(id, "hello");
    const before = await bot.asked("hello");
    const waiting = [await sent(id, "one"), await sent(id, "two")];
    before.reply("Hello.");
    await opening;
    (await bot.asked(["one", "two"])).fail(new BotError("down", "it is down", { retryable: false }));
    const first = await eventually(async () => {
      const { data } = await executions(`session_id=${id}&status=failed`);
      expect(data).toHaveLength(1);
      return data[0].id as string;
    });
    const inTrouble = async () => {
      const { body } = await app.api("GET", "/chat/sessions?trouble=true&limit=100");
      return body.data.map((session: { id: string }) => session.id);
    };
    const listed = async (retried: boolean) => {
      const { data } = await executions(`session_id=${id}&status=failed&retried=${retried}`);
      return data.map((execution: { id: string }) => execution.id);
    };
    expect([await inTrouble(), await listed(false)]).toEqual([expect.arrayContaining([id]), [first]]);
    const key = { "idempotency-key": `again-${first}` };
    const [asked, same] = await Promise.all([retry(first, key), retry(first, key)]);
    const again = asked.body.id;
    expect([asked.status, same.status, same.body.id]).toEqual([202, 202, again]);
    expect(asked.body).toMatchObject({ session_id: id, user_message_id: waiting[1], retried_as: null });
    (await bot.asked(["one", "two"], 2)).reply("Both done.");
    await ended(again, "completed");
    expect(await ended(first, "failed")).toMatchObject({ retried_as: again, error: { code: "down" } });
    expect(await refusal(first)).toEqual([409, "execution_overtaken"]);
    expect(await inTrouble()).not.toContain(id);
    expect([await listed(false), await listed(true)]).toEqual([[], [first]]);
    const { body } = await app.api("GET", `/chat/sessions/${id}/messages`);
    expect(body.data.map(({ content }: { content: string }) => content)).toEqual([
      "hello",
      "one",
      "two",
      "Hello.",
      "Both done.",
    ]);
    const next = say(id, "three");
    const { turn } = await bot.asked("three");
    expect((await turn.prompt()).map(({ content }) => content)).toEqual([
      "hello",
      "Hello.",
      "one",
      "two",
      "Both done.",
      "three",
    ]);
    bot.calls.at(-1)?.reply("Three.");
    expect((await next).body).toMatchObject({ content: "Three." });
  });

  it("is refused with a reason when there is nothing to retry", async () => {
    const id = await open();
    const first = await failed(id);
    const { body: answer } = await say(id, "think");
    expect(await refusal(first)).toEqual([409, "execution_overtaken"]);
    expect(await refusal(answer.execution_id)).toEqual([409, "execution_not_failed"]);
    const second = await failed(id);
    await app.api("POST", `/chat/sessions/${id}/handoff`, {});
    expect(await refusal(second)).toEqual([409, "handoff_open"]);
    await app.api("POST", `/chat/sessions/${id}/handoff/release`, {});
    expect((await retry(second)).status).toBe(202);
    const other = await open();
    const third = await failed(other);
    await app.api("POST", `/chat/sessions/${other}/end`, {});
    expect(await refusal(third)).toEqual([409, "session_completed"]);
  });

  /** Sends a message without waiting for the answer, and returns its id. */
  async function sent(id: string, content: string): Promise<string> {
    void say(id, content);
    return eventually(async () => {
      const { body } = await app.api("GET", `/chat/sessions/${id}/messages`);
      const found = body.data.find((message: { content: string }) => message.content === content);
      return found.id as string;
    });
  }

  async function refusal(execution: string) {
    const { status, body } = await retry(execution);
    return [status, body.error.code];
  }
});
