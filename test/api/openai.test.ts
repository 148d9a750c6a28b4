import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText } from "ai";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestApp } from "../support/app.ts";
import { COACH, startChatApp } from "./chat-app.ts";

const ASKER = {
  bot: { type: "script", sequence: [{ say: "Shall we?", buttons: [{ label: "Yes" }, { label: "No" }] }] },
};

let app: TestApp;
let openai: OpenAI;
beforeAll(async () => {
  app = await startChatApp({ agents: { scene: { bot: { type: "echo" } }, coach: COACH, asker: ASKER } });
  openai = new OpenAI({ apiKey: app.apiKey, baseURL: `${app.url}/api/openai/v1` });
});
afterAll(() => app[Symbol.asyncDispose]());

const latest = async () => (await app.api("GET", "/chat/sessions?sort=-created_at&limit=1")).body.data[0];
const prompt = async (id: string) =>
  (await app.api("POST", `/chat/sessions/${id}/render`, {})).body.messages as {
    role: string;
    content: string;
  }[];

describe("the official OpenAI client", () => {
  it("lists agents as models", async () => {
    const models = await openai.models.list();
    expect(models.data.map(({ id }) => id)).toEqual(["actor", "asker", "coach", "echo", "scene"]);
    expect(await openai.models.retrieve("echo")).toMatchObject({ id: "echo", object: "model" });
    await expect(openai.models.retrieve("nobody")).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
    });
  });

  it("completes a chat", async () => {
    const completion = await openai.chat.completions.create({
      model: "echo",
      messages: [{ role: "user", content: "Hello!" }],
      temperature: 0.2,
    });
    expect(completion).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-\w{27}$/),
      object: "chat.completion",
      model: "echo",
      choices: [
        { index: 0, finish_reason: "stop", message: { role: "assistant", content: "You said: Hello!" } },
      ],
      usage: { total_tokens: 0 },
    });
  });

  it("streams an answer, with the usage at the end on request", async () => {
    const stream = await openai.chat.completions.create({
      model: "actor",
      messages: [{ role: "user", content: "slowly, think" }],
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    const finishes: unknown[] = [];
    let usage: unknown = null;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      if (chunk.choices[0]?.finish_reason) finishes.push(chunk.choices[0].finish_reason);
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe("Here it is.");
    expect(finishes).toEqual(["stop"]);
    expect(usage).toEqual({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 });
  });

  it("receives buttons as a numbered list, with and without streaming", async () => {
    const question = { model: "asker", messages: [{ role: "user" as const, content: "Hello!" }] };
    const completion = await openai.chat.completions.create(question);
    expect(completion.choices[0]?.message.content).toBe("Shall we?\n\n1. Yes\n2. No");
    let text = "";
    for await (const chunk of await openai.chat.completions.create({ ...question, stream: true }))
      text += chunk.choices[0]?.delta.content ?? "";
    expect(text).toBe("Shall we?\n\n1. Yes\n2. No");
  });

  it("sends the conversation so far, and the agent sees it as its own", async () => {
    await openai.chat.completions.create({
      model: "scene",
      messages: [
        { role: "system", content: "Be kind." },
        { role: "developer", content: "Be brief." },
        { role: "user", content: "My name is Ada." },
        { role: "assistant", content: "Hello Ada." },
        {
          role: "user",
          content: [
            { type: "text", text: "What is " },
            { type: "text", text: "my name?" },
          ],
        },
      ],
    });
    const session = await latest();
    expect(session).toMatchObject({
      situation: "Be kind.\n\nBe brief.",
      user_id: null,
      title: "What is my name?",
    });
    expect(await prompt(session.id)).toEqual([
      { role: "system", content: "Be kind.\n\nBe brief." },
      { role: "user", content: "My name is Ada." },
      { role: "assistant", content: "Hello Ada." },
      { role: "user", content: "What is my name?" },
      { role: "assistant", content: "You said: What is my name?" },
    ]);
  });

  it("gets a new session for every call, unless it asks to continue the user's session", async () => {
    const chat = (content: string, continues: boolean) =>
      openai.chat.completions
        .create(
          { model: "echo", user: "ada", messages: [{ role: "user", content }] },
          continues ? { headers: { "X-Causeway-Session": "continue" } } : {},
        )
        .withResponse()
        .then(({ response }) => response.headers.get("x-causeway-session-id") ?? "");
    expect(await chat("one", false)).not.toBe(await chat("two", false));
    const [first, second] = await Promise.all([chat("three", true), chat("four", true)]);
    expect(first).toBe(second);
    expect(await chat("five", true)).toBe(first);
    const { body } = await app.api("GET", `/chat/sessions/${first}/messages`);
    expect(body.meta.total).toBe(6);
    const { body: user } = await app.api(
      "GET",
      `/users/${(await app.api("GET", `/chat/sessions/${first}`)).body.user_id}`,
    );
    expect(user.identifier).toBe("ada");
  });

  it("fills in variables", async () => {
    const ask = (variables?: object) =>
      openai.chat.completions.create({
        model: "coach",
        messages: [{ role: "user", content: "Hi" }],
        ...(variables ? { variables } : {}),
      });
    await expect(ask()).rejects.toMatchObject({ status: 422, code: "missing_variables" });
    await ask({ preferred_exercise: "yoga" });
    expect((await latest()).variables).toEqual({ preferred_exercise: "yoga" });
  });

  it("gets one error when a bot fails, also in the middle of a stream", async () => {
    const messages = [{ role: "user" as const, content: "fail" }];
    const before = (await app.api("GET", "/executions?status=failed")).body.meta.total;
    // This client and the AI SDK do not repeat this status. Each repetition would start another conversation.
    await expect(openai.chat.completions.create({ model: "actor", messages })).rejects.toMatchObject({
      status: 424,
      code: "bot_failed",
      type: "server_error",
      param: null,
    });
    const baseURL = `${app.url}/api/openai/v1`;
    const causeway = createOpenAICompatible({ name: "causeway", baseURL, apiKey: app.apiKey });
    await expect(generateText({ model: causeway("actor"), prompt: "fail" })).rejects.toMatchObject({
      statusCode: 424,
    });
    expect((await app.api("GET", "/executions?status=failed")).body.meta.total).toBe(before + 2);
    const stream = await openai.chat.completions.create({ model: "actor", messages, stream: true });
    await expect(
      (async () => {
        for await (const _ of stream);
      })(),
    ).rejects.toMatchObject({ message: "Sorry." });
  });

  it.each([
    [{ model: "nobody" }, 404, "model_not_found"],
    [{ messages: [] }, 422, "invalid_body"],
    [{ messages: [{ role: "assistant", content: "Hi" }] }, 422, "invalid_body"],
    [
      {
        messages: [
          { role: "tool", content: "x" },
          { role: "user", content: "Hi" },
        ],
      },
      422,
      "invalid_body",
    ],
    [
      { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "x" } }] }] },
      422,
      "invalid_body",
    ],
    [{ n: 2 }, 422, "invalid_body"],
    [{ response_format: { type: "json_object" } }, 422, "invalid_body"],
    [
      { response_format: { type: "json_schema", json_schema: { name: "x", schema: {} } } },
      422,
      "invalid_body",
    ],
  ])("gets an error for %j", async (change, status, code) => {
    const response = await fetch(`${app.url}/api/openai/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${app.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "echo", messages: [{ role: "user", content: "Hi" }], ...change }),
    });
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    expect([response.status, error.code, error.type]).toEqual([status, code, "invalid_request_error"]);
    const [field = ""] = Object.keys(change);
    expect(error.param).toEqual(code === "invalid_body" ? expect.stringContaining(field) : null);
  });

  it("needs a key", async () => {
    const stranger = new OpenAI({ apiKey: "nonsense", baseURL: `${app.url}/api/openai/v1` });
    const refused = { status: 401, type: "authentication_error", param: null };
    await expect(stranger.models.list()).rejects.toMatchObject(refused);
  });
});
