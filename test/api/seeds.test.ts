import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { BotDefinition } from "../../src/bots/bot.ts";
import { defineBot } from "../../src/bots/bot.ts";
import { Causeway, type TurnEvent } from "../../src/client/index.ts";
import type { TestApp } from "../support/app.ts";
import { startChatApp } from "./chat-app.ts";

/** Records the prompts, so that a test can check what a model would have read. */
const shown: { role: string; content: string }[][] = [];
const witness: BotDefinition = defineBot({
  type: "witness",
  configSchema: z.strictObject({}),
  create: () => ({
    async answer(turn) {
      shown.push(await turn.prompt());
      return {
        replies: [{ content: `answer ${shown.length}` }],
        usage: { prompt_tokens: 11, completion_tokens: 2, total_tokens: 13 },
      };
    },
  }),
}) as BotDefinition;

let app: TestApp;
let client: Causeway;
beforeAll(async () => {
  app = await startChatApp({
    agents: { "your-agent-id": { bot: { type: "witness" } } },
    bots: { witness },
  });
  client = new Causeway({ apiKey: app.apiKey, baseUrl: app.url });
});
afterAll(() => app[Symbol.asyncDispose]());

describe("the documented snippets run unchanged", () => {
  const console = { lines: [] as unknown[][], log: (...line: unknown[]) => void console.lines.push(line) };

  it("create a session, send messages, stream, list, get and delete", async () => {
    const session = await client.chat.createSession({
      agentId: "your-agent-id",
      title: "Support Conversation",
      metadata: {
        channel: "web",
        user_id: "external-user-123",
      },
    });

    const sessionId = session.id;

    const response = await client.chat.sendMessage(sessionId, {
      content: "Hi, I need help with my account.",
    });

    console.log(response.content);
    expect(console.lines.at(-1)).toEqual(["answer 1"]);

    const process = { stdout: { text: "", write: (part: string) => (process.stdout.text += part) } };
    for await (const event of client.chat.sendMessageStream(session.id, {
      content: "Hello!",
    })) {
      if (event.type === "content") process.stdout.write(event.content);
      if (event.type === "done") break;
    }
    expect(process.stdout.text).toBe("answer 2");

    const messages = await client.chat.listMessages(sessionId);
    for (const message of messages.data) console.log(`[${message.role}]: ${message.content}`);
    expect(console.lines.slice(-4)).toEqual([
      ["[user]: Hi, I need help with my account."],
      ["[assistant]: answer 1"],
      ["[user]: Hello!"],
      ["[assistant]: answer 2"],
    ]);

    const sessions = await client.chat.listSessions({ page: 1, limit: 20 });
    for (const listed of sessions.data) console.log(`${listed.title} - ${listed.createdAt}`);
    expect(console.lines.at(-1)).toEqual([`Support Conversation - ${session.createdAt}`]);

    const again = await client.chat.getSession(sessionId);
    const all = await client.chat.listMessages(sessionId, { page: 1, limit: 100 });
    expect([again.title, all.data.length]).toEqual(["Support Conversation", 4]);

    await client.chat.deleteSession(sessionId);
    await expect(client.chat.getSession(sessionId)).rejects.toMatchObject({ status: 404 });
  });

  it("create with a situation, find by metadata, update everything except agent and user", async () => {
    const user = (await client.sessions.create({ agentId: "echo", user: { identifier: "seed-user" } }))
      .userId;
    const situation = `
You are Sara mental health professional, public speaker & renowned educator.
About you:
...
Important guidelines:
...
`;
    const session = await client.sessions.create({
      agentId: "echo",
      userId: user ?? "",
      situation,
      metadata: { db_uuid: "1234" },
    });
    expect(await client.sessions.get(session.id)).toMatchObject({
      id: session.id,
      userId: user,
      agentId: session.agentId,
      situation,
      summary: null,
      metadata: { db_uuid: "1234" },
      renderTemplates: false,
    });
    await client.sessions.create({ agentId: "echo", metadata: { db_uuid: 1234 } });
    const found = await client.sessions.list({ metadataFilter: { db_uuid: "1234" } });
    expect(found.data.map(({ id }) => id)).toEqual([session.id]);
    const updated = await client.sessions.update(session.id, {
      situation:
        "You are summarising and providing clear explanations about the new breakthroughs in maths and computer science",
    });
    expect(updated).toEqual({ ...session, situation: updated.situation, updatedAt: updated.updatedAt });
    expect(updated.updatedAt > session.updatedAt).toBe(true);
    for (const field of ["agentId", "userId"]) {
      const change = client.sessions.update(session.id, { [field]: session.id });
      await expect(change).rejects.toMatchObject({ status: 422, code: "immutable_field" });
    }
  });
});

describe("each message", () => {
  it("is answered with the whole history before it, and is counted", async () => {
    const { id } = await client.chat.createSession({ agentId: "your-agent-id" });
    shown.length = 0;
    await client.chat.sendMessage(id, { content: "What is machine learning?" });
    await client.chat.sendMessage(id, { content: "Can you give me a specific example?" });
    const last = await client.chat.sendMessage(id, { content: "How does that compare to deep learning?" });
    expect(shown[2]).toEqual([
      { role: "user", content: "What is machine learning?" },
      { role: "assistant", content: "answer 1" },
      { role: "user", content: "Can you give me a specific example?" },
      { role: "assistant", content: "answer 2" },
      { role: "user", content: "How does that compare to deep learning?" },
    ]);
    expect(last.tokenUsage).toEqual({ promptTokens: 11, completionTokens: 2, totalTokens: 13 });
    const execution = await client.executions.get(last.executionId ?? "");
    expect(execution).toMatchObject({
      sessionId: id,
      userMessageId: last.userMessageId,
      tokenUsage: last.tokenUsage,
    });
    const events: TurnEvent[] = [];
    for await (const event of client.executions.stream(execution.id)) events.push(event);
    expect(events.at(-1)).toMatchObject({ type: "done", messageId: last.id, tokenUsage: last.tokenUsage });
  });

  it("matches what `render` showed before it was sent", async () => {
    const { id } = await client.sessions.create({ agentId: "your-agent-id", situation: "It is late." });
    await client.chat.sendMessage(id, { content: "One" });
    const { messages } = await client.sessions.render(id, { content: "Two" });
    await client.chat.sendMessage(id, { content: "Two" });
    expect(shown.at(-1)).toEqual(messages);
  });
});
