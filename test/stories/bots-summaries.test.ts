import type { ChatCompletionRequest } from "@copilotkit/aimock";
import { describe, expect, it } from "vitest";
import { loadTokenCounter } from "../../src/turns/prompt/count-tokens.ts";
import { promptTokens } from "../../src/turns/prompt/select-history.ts";
import { type ProviderServer, startProvider } from "../bots/provider-server.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { type Conversation, converse } from "./bots-conversation.ts";

const KEEPS_SUMMARY = "You keep the running summary";
const FILLER = "and so it went on for quite some time that day ".repeat(8);

function coach(provider: ProviderServer, history: object): Promise<TestApp> {
  const bot = { type: "llm", baseUrl: `${provider.mock.url}/v1`, model: "gpt-4.1-mini" };
  return startTestApp({
    agents: {
      coach: {
        bot,
        messages: [{ role: "system", content: "You are a coach." }],
        history: { maxTokens: 600, keepMessages: 4, ...history },
      },
    },
    channels: { api: { kind: "api", agent: "coach" } },
  });
}

/** Writes summaries that are the numbers of the covered messages. So a message covered twice or never is visible. */
function numberingProvider(provider: ProviderServer): void {
  provider.mock.on({ systemMessage: KEEPS_SUMMARY }, (request) => {
    const asked = lastText(request);
    const previous = /Previous summary:\n(.*)\n/.exec(asked)?.[1] ?? "";
    const covered = [...asked.matchAll(/"content":"message (\d+)/g)].map(([, n]) => n);
    return { content: [previous === "(none)" ? "covers" : previous, ...covered].join(" ") };
  });
  provider.mock.on({ userMessage: /^message/ }, { content: "Noted." });
}

function lastText({ messages }: ChatCompletionRequest): string {
  const content = messages.at(-1)?.content;
  return typeof content === "string" ? content : JSON.stringify(content);
}

function requests(provider: ProviderServer, summaries: boolean) {
  return provider.mock.getRequests().flatMap(({ body }) => {
    const asked = body && "messages" in body && Array.isArray(body.messages) ? body.messages : [];
    const messages = asked.map(({ role, content }) => ({ role: String(role), content: String(content) }));
    if (!body || messages.length === 0) return [];
    const isSummary = messages[0]?.content.startsWith(KEEPS_SUMMARY) ?? false;
    return isSummary === summaries ? [{ model: String(body.model), messages }] : [];
  });
}

async function summaryOf(talk: Conversation) {
  const [row] = await talk.query<{ summary: string | null; summary_seq: number }>(
    "SELECT summary, summary_seq FROM sessions",
  );
  return row;
}

describe("a conversation longer than its budget", () => {
  it("continues from a summary that covers each earlier message once and fits the budget", async () => {
    await using provider = await startProvider();
    numberingProvider(provider);
    await using app = await coach(provider, {});
    await using talk = converse(app);
    for (let n = 1; n <= 30; n += 1) {
      const { status } = await talk.say(`message ${n} ${FILLER}`);
      expect(status).toBe("completed");
    }

    const answers = requests(provider, false);
    expect(answers.length).toBe(30);
    const count = await loadTokenCounter("gpt-4.1-mini");
    for (const { messages } of answers) {
      const sizes = messages.map(({ content }) => ({ role: "user" as const, content }));
      expect(promptTokens(sizes, count)).toBeLessThanOrEqual(600);
      expect(messages[0]?.content).toMatch(/^You are a coach\./);
      expect(messages.at(-1)?.content).toMatch(/^message/);
    }
    // Every message is either summarized or sent, never both.
    const last = answers.at(-1)?.messages ?? [];
    const [, summary = ""] = last[0]?.content.split("Summary of the conversation") ?? [];
    const covered = [...summary.matchAll(/\d+/g)].map(Number);
    const sent = last.flatMap(({ content }) => /^message (\d+)/.exec(content)?.[1] ?? []).map(Number);
    expect([...covered, ...sent]).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
    expect((await summaryOf(talk))?.summary).toBe(`covers ${covered.join(" ")}`);
    // Not every turn waits for a summary.
    expect(requests(provider, true).length).toBeLessThan(20);
  });

  it("uses the configured cheaper model for its summaries", async () => {
    await using provider = await startProvider();
    numberingProvider(provider);
    await using app = await coach(provider, { summaryModel: "gpt-4.1-nano" });
    await using talk = converse(app);
    for (let n = 1; n <= 8; n += 1) await talk.say(`message ${n} ${FILLER}`);
    expect(new Set(requests(provider, true).map(({ model }) => model))).toEqual(new Set(["gpt-4.1-nano"]));
    expect(new Set(requests(provider, false).map(({ model }) => model))).toEqual(new Set(["gpt-4.1-mini"]));
  });

  it("is answered without older messages when a summary fails, and the log says so", async () => {
    await using provider = await startProvider();
    provider.mock.on({ systemMessage: KEEPS_SUMMARY }, { error: { message: "no" }, status: 500 });
    provider.mock.on({ userMessage: /^message/ }, { content: "Noted." });
    await using app = await coach(provider, {});
    await using talk = converse(app);
    for (let n = 1; n <= 10; n += 1) {
      expect(await talk.say(`message ${n} ${FILLER}`)).toMatchObject({ status: "completed" });
    }
    expect((await summaryOf(talk))?.summary).toBeNull();
    expect(JSON.stringify(app.log)).toContain("could not summarize");
    // The summary is not tried again at every turn.
    expect(requests(provider, true).length).toBe(1);
  });

  it("counts summary tokens for the turn that made the summary", async () => {
    await using provider = await startProvider();
    const usage = (prompt_tokens: number, completion_tokens: number) => ({
      content: "Noted.",
      usage: { prompt_tokens, completion_tokens },
    });
    provider.mock.on({ systemMessage: KEEPS_SUMMARY }, usage(1000, 10));
    provider.mock.on({ userMessage: /^message/ }, usage(200, 5));
    await using app = await coach(provider, {});
    await using talk = converse(app);
    for (let n = 1; n <= 8; n += 1) {
      const before = requests(provider, true).length;
      const { tokens } = await talk.say(`message ${n} ${FILLER}`);
      const summaries = requests(provider, true).length - before;
      expect(tokens).toEqual({
        prompt: 200 + 1000 * summaries,
        completion: 5 + 10 * summaries,
        total: 205 + 1010 * summaries,
      });
    }
    expect(requests(provider, true).length).toBeGreaterThan(0);
  });

  it("costs the same at ten thousand messages as at a hundred, and summarizes old messages step by step", async () => {
    await using provider = await startProvider();
    numberingProvider(provider);
    await using app = await coach(provider, { maxTokens: 2000 });
    await using talk = converse(app);
    const { sessionId } = await talk.say("message 1");
    await talk.query(
      `INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content)
       SELECT 'm' || n, $1, n, n - (n + 1) % 2, CASE WHEN n % 2 = 1 THEN 'user' ELSE 'assistant' END,
         CASE WHEN n % 2 = 1 THEN 'user' ELSE 'bot' END, 'message ' || n || ' about this and that'
       FROM generate_series(3, 10000) n`,
      [sessionId],
    );
    await talk.query("UPDATE sessions SET next_seq = 10001, inbound_seq = 9999, answered_seq = 9999");
    provider.mock.clearRequests();
    await talk.say("message 10001");
    const summaries = requests(provider, true);
    expect(summaries.length).toBeLessThanOrEqual(3);
    for (const { messages } of summaries) expect(JSON.stringify(messages).length).toBeLessThan(20_000);
    const [answer] = requests(provider, false);
    expect(answer?.messages.at(-1)?.content).toBe("message 10001");
    expect(answer?.messages.at(-2)?.content).toContain("message 10000");
    const first = await summaryOf(talk);
    await talk.say("message 10003");
    const second = await summaryOf(talk);
    expect(second?.summary_seq).toBeGreaterThan(first?.summary_seq ?? 0);
  });
});
