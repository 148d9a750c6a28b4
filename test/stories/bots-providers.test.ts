import { describe, expect, it } from "vitest";
import { beginStream, chunk, startProvider } from "../bots/provider-server.ts";
import { startTestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { type Conversation, converse } from "./bots-conversation.ts";

function agentOn(baseUrl: string, turns = {}) {
  const bot = { type: "llm", baseUrl, model: "gpt-4.1-mini" };
  return startTestApp({
    agents: { agent: { bot, turns: { attempts: 2, backoffMs: 0, apology: "Sorry.", ...turns } } },
    channels: { api: { kind: "api", agent: "agent" } },
  });
}

async function runningExecution(talk: Conversation): Promise<string> {
  return eventually(async () => {
    const [row] = await talk.query<{ id: string }>("SELECT id FROM executions WHERE status = 'running'");
    if (!row) throw new Error("nothing runs yet");
    return row.id;
  });
}

describe("a provider that fails", () => {
  it("in the middle of an answer is asked again, and the user gets one reply", async () => {
    await using provider = await startProvider();
    let calls = 0;
    const { baseUrl } = provider.odd((response) => {
      calls += 1;
      beginStream(response, calls === 1 ? "half an ans" : "A whole answer.");
      if (calls === 1) response.destroy();
      else response.end(chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }));
    });
    await using app = await agentOn(baseUrl);
    await using talk = converse(app);
    const answered = await talk.say("hello");
    expect(answered.status).toBe("completed");
    expect(answered.replies).toMatchObject([{ content: "A whole answer.", origin: "bot" }]);
    expect(await talk.query("SELECT content FROM deliveries")).toEqual([{ content: "A whole answer." }]);
  });

  it("at every attempt leaves a reason and an apology, and the session continues", async () => {
    await using provider = await startProvider();
    provider.mock.onMessage("again", { content: "Here I am." });
    provider.mock.onMessage("hello", { error: { message: "the GPU is on fire" }, status: 500 });
    await using app = await agentOn(`${provider.mock.url}/v1`);
    await using talk = converse(app);
    const failed = await talk.say("hello");
    expect(failed).toMatchObject({ status: "failed", errorCode: "provider_unavailable" });
    expect(failed.error).toContain("the GPU is on fire");
    expect(failed.replies).toMatchObject([{ content: "Sorry.", origin: "notice" }]);
    expect((await talk.say("again")).replies).toMatchObject([{ content: "Here I am." }]);
    const body = provider.mock.getLastRequest()?.body;
    expect(JSON.stringify(body)).not.toContain("Sorry.");
  });

  it("with an empty answer counts as a failure", async () => {
    await using provider = await startProvider();
    provider.mock.onMessage(/./, { content: "" });
    await using app = await agentOn(`${provider.mock.url}/v1`);
    await using talk = converse(app);
    expect(await talk.say("hello")).toMatchObject({ status: "failed", errorCode: "empty_reply" });
  });

  it("by never ending its answer loses the connection when the turn is cancelled", async () => {
    await using provider = await startProvider();
    const { baseUrl, closed } = provider.odd((response) => beginStream(response, "and then"));
    await using app = await agentOn(baseUrl);
    await using talk = converse(app);
    const posted = await talk.post("hello");
    await app.app.pipeline.cancelExecution(await runningExecution(talk));
    await closed;
    expect(await talk.answered(posted)).toMatchObject({ status: "cancelled", replies: [] });
  });

  it("by never ending its answer loses the connection when a newer message interrupts", async () => {
    await using provider = await startProvider();
    let calls = 0;
    const { baseUrl, closed } = provider.odd((response) => {
      calls += 1;
      beginStream(response, "and then");
      if (calls > 1) response.end(chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }));
    });
    await using app = await agentOn(baseUrl, { policy: "interrupt" });
    await using talk = converse(app);
    await talk.post("hello");
    await eventually(() => expect(calls).toBe(1));
    const second = await talk.say("wait");
    await closed;
    expect(second.replies).toMatchObject([{ content: "and then" }]);
  });

  it("with an answer longer than any platform takes is delivered complete, in parts", async () => {
    await using provider = await startProvider({ chunkSize: 8192 });
    const content = "All work and no play makes a dull day. ".repeat(8_000).trim();
    provider.mock.onMessage(/./, { content });
    await using app = await agentOn(`${provider.mock.url}/v1`);
    await using talk = converse(app);
    const { replies } = await talk.say("write");
    expect(replies[0]?.content).toBe(content);
    const parts = await talk.query<{ content: string }>("SELECT content FROM deliveries ORDER BY part");
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.map((part) => part.content).join(" ")).toBe(content);
  });
});
