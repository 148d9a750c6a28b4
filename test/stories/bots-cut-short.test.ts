import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { delta, finish, startChatServer } from "../bots/chat-server.ts";
import { json, SECRET, startEndpoint } from "../bots/endpoint.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { contentOf, type ServerSent, serverSent } from "./server-sent.ts";

const HALF = "The three steps are: first, open the";

async function cutting(): Promise<AsyncDisposable & { baseUrl: string }> {
  return startChatServer({ answer: () => [delta({ content: HALF }), finish("length")] });
}

function agentWith(bot: object, turns = {}): Promise<TestApp> {
  return startTestApp({
    agents: { agent: { bot, turns } },
    channels: { api: { kind: "api", agent: "agent" } },
  });
}

async function openSession(app: TestApp): Promise<string> {
  return (await app.api("POST", "/chat/sessions", { agent_id: "agent" })).body.id;
}

describe("a reply that ends at the output limit", () => {
  test("is marked for the user, in the message, in the execution and in the log", async () => {
    await using server = await cutting();
    await using app = await agentWith({ type: "llm", baseUrl: server.baseUrl, model: "m" });
    const session = await openSession(app);
    const { body } = await app.api("POST", `/chat/sessions/${session}/messages`, { content: "how?" });
    expect(body).toMatchObject({ content: `${HALF}…`, metadata: { finish_reason: "length" } });
    const execution = await app.api("GET", `/executions/${body.execution_id}`);
    expect(execution.body).toMatchObject({ status: "completed", finish_reason: "length" });
    expect(JSON.stringify(app.log)).toContain("the reply was cut short by the bot's output limit");
  });

  test("is streamed to its end, and `done` gives the reason", async () => {
    await using server = await cutting();
    await using app = await agentWith(
      { type: "llm", baseUrl: server.baseUrl, model: "m" },
      { cutShort: " [cut]" },
    );
    const session = await openSession(app);
    const response = await fetch(`${app.url}/api/v1/chat/sessions/${session}/messages/stream`, {
      method: "POST",
      headers: { authorization: `Bearer ${app.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ content: "how?" }),
    });
    const events: ServerSent[] = [];
    for await (const event of serverSent(response)) events.push(event);
    const text = contentOf(events);
    expect(text).toBe(`${HALF} [cut]`);
    expect(events.at(-1)).toMatchObject({
      event: "done",
      data: { output: { content: text }, finish_reason: "length" },
    });
  });

  test("is marked for clients of OpenAI's API, streamed or not", async () => {
    await using server = await cutting();
    await using app = await agentWith({ type: "llm", baseUrl: server.baseUrl, model: "m" }, { cutShort: "" });
    const openai = new OpenAI({ baseURL: `${app.url}/api/openai/v1`, apiKey: app.apiKey });
    const asked = { model: "agent", messages: [{ role: "user" as const, content: "how?" }] };
    const { choices } = await openai.chat.completions.create(asked);
    expect(choices).toMatchObject([{ message: { content: HALF }, finish_reason: "length" }]);
    const finishes: unknown[] = [];
    for await (const chunk of await openai.chat.completions.create({ ...asked, stream: true })) {
      finishes.push(chunk.choices[0]?.finish_reason);
    }
    expect(finishes.filter((reason) => reason !== null)).toEqual(["length"]);
  });

  test.each(["JSON", "a stream"])("can come from an endpoint, which reports it in %s", async (how) => {
    await using endpoint = await startEndpoint((_, response) => {
      if (how === "JSON") return json(response, { messages: [{ content: HALF }], finish_reason: "length" });
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`event: delta\ndata: ${JSON.stringify({ content: HALF })}\n\n`);
      response.end('event: final\ndata: {"finish_reason":"length"}\n\n');
    });
    await using app = await agentWith({ type: "webhook", url: endpoint.url, secret: SECRET });
    const session = await openSession(app);
    const { body } = await app.api("POST", `/chat/sessions/${session}/messages`, { content: "how?" });
    expect(body).toMatchObject({ content: `${HALF}…`, metadata: { finish_reason: "length" } });
  });
});
