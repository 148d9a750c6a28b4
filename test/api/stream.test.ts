import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { startChatApp } from "./chat-app.ts";
import { readStream, textOf } from "./sse.ts";

/** Answers the messages that came during an answer together. */
const COLLECTOR = {
  bot: {
    type: "script",
    replies: [
      { match: "wait", say: "at last", delayMs: 60_000 },
      { match: "both", say: "one answer" },
    ],
  },
  turns: { policy: "collect", windowMs: 0 },
};

let app: TestApp;
beforeAll(async () => {
  app = await startChatApp({ agents: { collector: COLLECTOR } });
});
afterAll(() => app[Symbol.asyncDispose]());

const open = async (agent = "actor"): Promise<string> =>
  (await app.api("POST", "/chat/sessions", { agent_id: agent })).body.id;

const call = (path: string, options: { content?: string; headers?: Record<string, string> } = {}) =>
  fetch(`${app.url}/api/v1${path}`, {
    method: options.content === undefined ? "GET" : "POST",
    headers: {
      authorization: `Bearer ${app.apiKey}`,
      accept: "text/event-stream",
      "content-type": "application/json",
      ...options.headers,
    },
    ...(options.content === undefined ? {} : { body: JSON.stringify({ content: options.content }) }),
  });
const stream = (id: string, content: string, headers: Record<string, string> = {}) =>
  call(`/chat/sessions/${id}/messages/stream`, { content, headers });

describe("streaming a message", () => {
  it("sends exactly the documented events in order, with one final event", async () => {
    const id = await open();
    const response = await stream(id, "think about it");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("cache-control")).toContain("no-cache");
    expect(response.headers.get("x-causeway-session-id")).toBe(id);
    const events = await readStream(response);
    const names = events.map(({ event }) => event);
    expect(names.slice(0, 4)).toEqual(["execution", "thinking", "tool_start", "tool_end"]);
    expect(new Set(names.slice(4, -1))).toEqual(new Set(["content"]));
    const [execution, thinking, toolStart, toolEnd] = events;
    expect(execution?.data).toEqual({
      execution_id: expect.stringMatching(/^\w{27}$/),
      user_message_id: expect.stringMatching(/^\w{27}$/),
    });
    expect(thinking?.data).toEqual({ content: "Let me see." });
    expect(toolStart?.data).toEqual({ id: expect.any(String), name: "search" });
    expect(toolEnd?.data).toEqual({ id: toolStart?.data.id, name: "search", summary: "3 results" });
    expect(textOf(events)).toBe("Here it is.");
    expect(events.at(-1)).toMatchObject({
      event: "done",
      data: {
        output: { content: "Here it is." },
        message_id: expect.stringMatching(/^\w{27}$/),
        token_usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
        time: expect.any(Number),
      },
    });
    expect(Object.keys(events.at(-1)?.data ?? {}).sort()).toEqual([
      "message_id",
      "output",
      "time",
      "token_usage",
    ]);
    const ids = events.map((event) => event.id);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
    const { body: all } = await app.api("GET", `/chat/sessions/${id}/messages?include=tool`);
    const tool = { name: "search", tool_call_id: toolStart?.data.id };
    expect(all.data).toMatchObject([
      { seq: 1, role: "user" },
      { seq: 2, role: "tool", origin: "tool", content: "3 results", metadata: tool, token_usage: null },
      { seq: 3, role: "assistant", content: "Here it is." },
    ]);
    const { body } = await app.api("GET", `/chat/sessions/${id}/messages`);
    expect(body.data.at(-1).id).toBe(events.at(-1)?.data.message_id);
  });

  it("ends with an error without secrets when the bot fails", async () => {
    const events = await readStream(await stream(await open(), "fail"));
    expect(events.map(({ event }) => event)).toEqual(["execution", "error"]);
    expect(events[1]?.data).toEqual({ message: "Sorry.", code: "script_failed" });
  });

  it("shows text while the bot is still writing", async () => {
    const id = await open();
    const early = await readStream(await stream(id, "slowly"), ({ event }) => event === "content");
    const execution = await app.api("GET", `/executions/${early[0]?.data.execution_id}`);
    expect(execution.body.status).not.toBe("completed");
  });

  it("continues when the client disconnects", async () => {
    const id = await open();
    await readStream(await stream(id, "slowly"), ({ event }) => event === "content");
    await eventually(async () => {
      const { body } = await app.api("GET", `/chat/sessions/${id}/messages`);
      expect(body.data[1]).toMatchObject({ role: "assistant", content: "one two three four five six" });
    });
  });

  it.each(["execution", "messages"])(
    "resumes by Last-Event-ID over the %s, without loss or repetition",
    async (way) => {
      const id = await open();
      const key = { "idempotency-key": `resume-${way}-${id}` };
      let contents = 0;
      const before = await readStream(await stream(id, "slowly", key), ({ event }) => {
        contents += event === "content" ? 1 : 0;
        return contents === 2;
      });
      const last = { "last-event-id": String(before.at(-1)?.id) };
      const after = await readStream(
        way === "messages"
          ? await stream(id, "slowly", { ...key, ...last })
          : await call(`/executions/${before[0]?.data.execution_id}/stream`, { headers: last }),
      );
      expect(after[0]?.event).toBe("content");
      expect(textOf(before) + textOf(after)).toBe("one two three four five six");
      expect(after.at(-1)?.event).toBe("done");
      expect(after.every((event) => event.id > (before.at(-1)?.id ?? 0))).toBe(true);
      const { body } = await app.api("GET", `/chat/sessions/${id}/messages`);
      expect(body.meta.total).toBe(2);
    },
  );

  it("replays a finished turn from any position in its text", async () => {
    const live = await readStream(await stream(await open(), "think"));
    const path = `/executions/${live[0]?.data.execution_id}/stream`;
    const whole = await readStream(await call(path));
    expect(whole.map(({ event }) => event)).toEqual([
      "execution",
      "thinking",
      "tool_start",
      "tool_end",
      "content",
      "done",
    ]);
    for (const { id } of live) {
      const rest = await readStream(await call(path, { headers: { "last-event-id": String(id) } }));
      expect(textOf(live.filter((event) => event.id <= id)) + textOf(rest)).toBe("Here it is.");
      expect(rest.at(-1)?.event).toBe(id === live.at(-1)?.id ? undefined : "done");
    }
  });

  it("resumes from any of its ids, even if a later message was answered with it", async () => {
    const id = await open("collector");
    const waiting = stream(id, "wait").then((response) => readStream(response));
    const running = await eventually(async () => {
      const { body } = await app.api("GET", `/executions?session_id=${id}&status=running`);
      expect(body.data).toHaveLength(1);
      return body.data[0].id;
    });
    const merged = readStream(await stream(id, "first of both"));
    const answered = readStream(await stream(id, "both"));
    await app.api("POST", `/executions/${running}/cancel`, {});
    const live = await merged;
    expect(live.at(-1)?.event).toBe("done");
    expect(live.at(-1)?.id).toBeGreaterThan(2 ** 31);
    const { body } = await app.api("GET", `/executions?session_id=${id}`);
    const own = body.data.find((execution: { merged_into: string | null }) => execution.merged_into !== null);
    for (const execution of [own.id, live[0]?.data.execution_id]) {
      for (const { id: seen } of live) {
        const headers = { "last-event-id": String(seen) };
        const rest = await readStream(await call(`/executions/${execution}/stream`, { headers }));
        expect(textOf(live.filter((event) => event.id <= seen)) + textOf(rest)).toBe("one answer");
        expect(rest.every((event) => event.id > seen)).toBe(true);
      }
    }
    await Promise.all([waiting, answered]);
  });

  it("waits until the message before it is answered", async () => {
    const id = await open();
    const first = stream(id, "slowly").then((response) => readStream(response));
    await eventually(async () => {
      expect((await app.api("GET", `/executions?session_id=${id}`)).body.data).toHaveLength(1);
    });
    const second = await readStream(await stream(id, "hello"));
    expect(second.map(({ event }) => event)).toEqual(["execution", "content", "done"]);
    expect((await first).at(-1)?.event).toBe("done");
  });

  it("reports that its session was deleted", async () => {
    const id = await open();
    const streaming = stream(id, "wait").then((response) => readStream(response));
    await eventually(async () => {
      const { body } = await app.api("GET", `/executions?session_id=${id}&status=running`);
      expect(body.data).toHaveLength(1);
    });
    await app.api("DELETE", `/chat/sessions/${id}`);
    expect((await streaming).at(-1)).toMatchObject({ event: "error" });
  });

  it("reports that its session was ended", async () => {
    const id = await open();
    const streaming = stream(id, "wait").then((response) => readStream(response));
    await eventually(async () => {
      const { body } = await app.api("GET", `/executions?session_id=${id}&status=running`);
      expect(body.data).toHaveLength(1);
    });
    await app.api("POST", `/chat/sessions/${id}/end`, {});
    const events = await streaming;
    expect(events.at(-1)).toMatchObject({ event: "error", data: { code: "session_ended" } });
    expect(events.filter(({ event }) => event === "error")).toHaveLength(1);
  });

  it("reports a reset in the same form", async () => {
    const events = await readStream(await stream(await open("echo"), "/reset"));
    expect(events.map(({ event }) => event)).toEqual(["execution", "content", "done"]);
    expect(textOf(events)).toBe("Conversation reset.");
  });

  it("refuses a bad request with JSON, before the stream starts", async () => {
    const missing = await stream("nothing", "Hi");
    expect([missing.status, missing.headers.get("content-type")]).toEqual([
      404,
      "application/json; charset=utf-8",
    ]);
    const odd = await stream(await open(), "Hi", { "last-event-id": "abc" });
    expect(odd.status).toBe(400);
    expect((await call("/executions/nothing/stream")).status).toBe(404);
  });

  it("closes when its key is revoked, and the turn continues", async () => {
    const id = await open();
    const scopes = ["sessions:read", "messages:write"];
    const { body: made } = await app.api("POST", "/api_keys", { name: "short-lived", scopes });
    const response = await stream(id, "wait", { authorization: `Bearer ${made.secret}` });
    const reading = response.text().catch((error: unknown) => error);
    await app.api("DELETE", `/api_keys/${made.id}`);
    expect(await reading).toBeInstanceOf(Error);
    await eventually(async () => {
      const { body } = await app.api("GET", `/executions?session_id=${id}&status=running`);
      expect(body.data).toHaveLength(1);
      await app.api("POST", `/executions/${body.data[0].id}/cancel`, {});
    });
  });
});
