import { describe, expect, it } from "vitest";
import {
  type ChatServer,
  oneSystemMessageFirst,
  rolesAlternate,
  says,
  someUserMessage,
  startChatServer,
} from "../bots/chat-server.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";

const strict = [oneSystemMessageFirst, someUserMessage, rolesAlternate];

function coachOn(server: ChatServer, agent: object = {}): Promise<TestApp> {
  const bot = { type: "llm", baseUrl: server.baseUrl, model: "m" };
  const messages = [{ role: "system", content: "You are a coach." }];
  return startTestApp({
    agents: { coach: { bot, messages, turns: { attempts: 1 }, ...agent } },
    channels: { api: { kind: "api", agent: "coach" } },
  });
}

async function open(app: TestApp, more: object = {}): Promise<string> {
  const user = { identifier: "ada", name: "Ada" };
  const opened = await app.api("POST", "/chat/sessions", { agent_id: "coach", user, ...more });
  expect(opened.status).toBe(201);
  return opened.body.id;
}

async function say(app: TestApp, session: string, content: string): Promise<string> {
  const { status, body } = await app.api("POST", `/chat/sessions/${session}/messages`, { content });
  expect([status, body.error]).toEqual([201, undefined]);
  return body.content;
}

/** The replies of a session, once there are this many. */
async function replies(app: TestApp, session: string, count: number): Promise<string[]> {
  return eventually(async () => {
    const { body } = await app.api("GET", `/chat/sessions/${session}/messages?include=notice`);
    const said = body.data.filter(({ role }: { role: string }) => role === "assistant");
    if (said.length < count) throw new Error(`only ${said.length} replies`);
    return said.map(({ content }: { content: string }) => content);
  });
}

describe("a server that accepts one system message first, and then alternating user and assistant messages", () => {
  it("answers with a situation, participant data, and a summary of earlier messages", async () => {
    await using server = await startChatServer({ rules: strict, answer: () => says("Noted.") });
    const history = { maxTokens: 300, keepMessages: 4 };
    await using app = await coachOn(server, { participantData: "prompt", history });
    const session = await open(app, { situation: "The first visit." });
    for (let n = 1; n <= 12; n += 1) {
      expect(await say(app, session, `message ${n} ${"and so on ".repeat(12)}`)).toBe("Noted.");
    }
    expect((await app.api("GET", `/chat/sessions/${session}`)).body.summary).toBe("Noted.");
    const [system] = server.requests.at(-1)?.messages ?? [];
    expect(system?.content).toMatch(
      /^You are a coach\.\n\nThe first visit\.\n\n.*\{\}\n\nSummary of .*\nNoted\.$/s,
    );
  });

  it("starts a new conversation after a reset with a prompt", async () => {
    await using server = await startChatServer({ rules: strict, answer: () => says("How are you?") });
    await using app = await coachOn(server);
    const reset = await app.api("POST", `/chat/sessions/${await open(app)}/reset`, { prompt: "Greet Ada." });
    expect(await replies(app, reset.body.id, 1)).toEqual(["How are you?"]);
    expect(await say(app, reset.body.id, "well")).toBe("How are you?");
  });

  it("writes unprompted messages for a rule and for a trigger, and answers the next messages", async () => {
    await using server = await startChatServer({ rules: strict, answer: () => says("Still there?") });
    const nudge = { action: "send_message", prompt: "Ask gently if they are still there." };
    await using app = await coachOn(server, { events: [{ on: "timeout", after: "1s", do: [nudge] }] });
    const session = await open(app);
    await say(app, session, "hello");
    expect(await replies(app, session, 2)).toEqual(["Still there?", "Still there?"]);

    const target = { agent_id: "coach", channel: "api", identifier: "bob" };
    for (const words of [{ prompt_text: "Remind them." }, { message_text: "How did you sleep?" }]) {
      const trigger = { ...target, ...words, start_new_session: true };
      const { body } = await app.api("POST", "/trigger_bot_message", trigger);
      await replies(app, body.session_id, 1);
      expect(await say(app, body.session_id, "badly")).toBe("Still there?");
    }
  });

  it("answers the next message after a failed one", async () => {
    let calls = 0;
    const overloaded = () => {
      calls += 1;
      return calls === 1 ? "overloaded" : null;
    };
    const rules = [overloaded, ...strict];
    await using server = await startChatServer({ rules, answer: () => says("Here I am.") });
    await using app = await coachOn(server);
    const session = await open(app);
    const path = `/chat/sessions/${session}/messages`;
    expect((await app.api("POST", path, { content: "one" })).status).toBe(502);
    expect(await say(app, session, "two")).toBe("Here I am.");
    expect(server.requests.at(-1)?.messages).toEqual([
      { role: "system", content: "You are a coach." },
      { role: "user", content: "one\n\ntwo" },
    ]);
    expect(await say(app, session, "three")).toBe("Here I am.");
  });

  it("answers collected messages", async () => {
    await using server = await startChatServer({ rules: strict, answer: () => says("Both.") });
    await using app = await coachOn(server, { turns: { policy: "collect", windowMs: 1000, attempts: 1 } });
    const session = await open(app);
    await Promise.all([say(app, session, "one"), say(app, session, "two")]);
    expect(await replies(app, session, 1)).toEqual(["Both."]);
  });

  it("answers a client that uses the agent as a model", async () => {
    await using server = await startChatServer({ rules: strict });
    await using app = await coachOn(server);
    const response = await fetch(`${app.url}/api/openai/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${app.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: "coach",
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "hi" },
        ],
      }),
    });
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: "Hi!" } }] });
  });
});
