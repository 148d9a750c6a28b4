import { readFile } from "node:fs/promises";
import type { ChatCompletionRequest } from "@copilotkit/aimock";
import { describe, expect, it } from "vitest";
import { API_KEY, type ProviderServer, startProvider } from "../bots/provider-server.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { converse } from "./bots-conversation.ts";

const EXAMPLE = new URL("../../docs/examples/wellness-coach.config.json", import.meta.url);
const KEEPS_SUMMARY = "You keep the running summary";

/** The shipped example, against a server of the chat completions API that accepts one key. */
async function startCoach(provider: ProviderServer, history = {}): Promise<TestApp> {
  const { agents, channels } = JSON.parse(await readFile(EXAMPLE, "utf8"));
  Object.assign(agents["wellness-coach"].history, history);
  return startTestApp({
    agents,
    channels,
    env: { LLM_BASE_URL: `${provider.mock.url}/v1`, LLM_API_KEY: API_KEY },
  });
}

function systemText(request: Pick<ChatCompletionRequest, "messages">): string {
  const system = request.messages.filter(({ role }) => role === "system");
  return system.map(({ content }) => String(content)).join("\n");
}

describe("the wellness coach", () => {
  it("addresses the user by name, saves what it learns through a tool, and keeps it after a reset", async () => {
    await using provider = await startProvider({ auth: { apiKeys: [API_KEY] } });
    const learned = { data: { preferred_exercise: "swimming" } };
    provider.mock.on({ userMessage: "I love swimming", hasToolResult: true }, { content: "Swimming it is!" });
    provider.mock.on(
      { userMessage: "I love swimming" },
      { toolCalls: [{ name: "update_participant_data", arguments: JSON.stringify(learned) }] },
    );
    provider.mock.on({ userMessage: "What do I like?" }, (request) => ({
      content: /Preferred exercise: (\w+)/.exec(systemText(request))?.[1] ?? "?",
    }));
    await using app = await startCoach(provider);
    await using talk = converse(app, "wellness-api");

    expect(await talk.say("I love swimming")).toMatchObject({
      status: "completed",
      replies: [{ content: "Swimming it is!" }],
    });
    const [first] = provider.mock.getRequests();
    expect(systemText(first?.body as ChatCompletionRequest)).toContain("User name: Ada");
    expect(await talk.query("SELECT data FROM participant_data")).toEqual([{ data: learned.data }]);
    const reset = await talk.post("/reset");
    expect(reset).toBeTruthy();
    const after = await talk.say("What do I like?");
    expect(after.replies).toMatchObject([{ content: "swimming" }]);
  });

  it("remembers the user after a summary, and the session shows the summary", async () => {
    await using provider = await startProvider();
    provider.mock.on({ systemMessage: KEEPS_SUMMARY }, { content: "Her dog is called Biscuit." });
    provider.mock.on({ userMessage: "What is my dog called?" }, (request) => ({
      content: systemText(request).includes("Biscuit") ? "Biscuit!" : "I do not know.",
    }));
    provider.mock.on({ userMessage: /./ }, { content: "That sounds lovely. ".repeat(10) });
    await using app = await startCoach(provider, { maxTokens: 900, keepMessages: 4 });
    await using talk = converse(app, "wellness-api");
    await talk.say("My dog is called Biscuit.");
    for (let n = 0; n < 10; n += 1)
      await talk.say(`On day ${n} we went for a walk. ${"It was nice. ".repeat(10)}`);
    const answered = await talk.say("What is my dog called?");
    expect(answered.replies).toMatchObject([{ content: "Biscuit!" }]);
    const session = await app.api("GET", `/chat/sessions/${answered.sessionId}`);
    expect(session.body.summary).toBe("Her dog is called Biscuit.");
  });

  it("treats template syntax in user messages as plain text", async () => {
    await using provider = await startProvider();
    provider.mock.on({ userMessage: /./ }, { content: "Noted." });
    await using app = await startCoach(provider);
    await using talk = converse(app, "wellness-api");
    const text = 'I am {user_name} {{ session.metadata.x }} {"json": {preferred_exercise}} $HOME';
    await talk.say(text);
    await talk.say("next");
    const body = provider.mock.getLastRequest()?.body;
    const messages = body && "messages" in body && Array.isArray(body.messages) ? body.messages : [];
    expect(messages.filter(({ role }) => role === "user")).toEqual([
      { role: "user", content: text },
      { role: "user", content: "next" },
    ]);
  });
});
