import { describe, expect, it } from "vitest";
import { askBot } from "./ask-bot.ts";
import { type Answer, delta, finish, says, startChatServer } from "./chat-server.ts";

const usage = { prompt_tokens: 12, completion_tokens: 5 };
const counted = { ...usage, total_tokens: 17 };

describe.each([
  ["openai-compatible", { provider: "openai-compatible" }],
  ["openai-compatible with tools", { provider: "openai-compatible", tools: ["end_session"] }],
  ["openai", { provider: "openai", apiKey: "k" }],
])("data after a finished answer (%s)", (_, settings) => {
  it.each<[string, object | string]>([
    ["no choices but null", { choices: null, usage }],
    ["no choices at all", { usage }],
    ["a choice without a delta", { choices: [{ index: 0 }], usage }],
    ["a choice whose delta is null", { choices: [{ index: 0, delta: null, finish_reason: null }], usage }],
    ["an empty reason to finish", { choices: [{ index: 0, delta: {}, finish_reason: "" }], usage }],
    ["counts in a text", { choices: [], usage: { prompt_tokens: "12", completion_tokens: "5" } }],
    ["counts with fractions", { choices: [], usage: { prompt_tokens: 12.2, completion_tokens: 4.9 } }],
    ["other names for the counts", { choices: [], usage: { input_tokens: 12, output_tokens: 5 } }],
    [
      "details that are no numbers",
      { choices: [], usage: { ...usage, prompt_tokens_details: "none", completion_tokens_details: [] } },
    ],
    ["counts in the choice", { choices: [{ index: 0, delta: {}, usage }] }],
    ["Groq's counts", { choices: [], x_groq: { usage } }],
    ["fields of odd types", { id: 7, created: "now", model: null, object: 1, choices: [], usage }],
  ])("provides the token counts: %s", async (_name, last) => {
    await using server = await startChatServer({ answer: () => [...says("Whole."), last] });
    const { result } = await askBot(server.bot(settings), "hi");
    expect(result).toMatchObject({ replies: [{ content: "Whole." }], usage: counted });
  });

  it.each<[string, Answer]>([
    ["no counts", [{ choices: null, usage: null }]],
    [
      "invalid counts",
      [
        { choices: [], usage: "many" },
        { choices: [], usage: { prompt_tokens: -1 } },
      ],
    ],
    ["garbage", ["data: {not json\n\n", "data: null\n\n", "data: 7\n\n"]],
    ["an error", [{ error: { message: "too late" } }]],
    ["another end", [finish("error")]],
    ["comments and other events", [": ping\n\n", "event: stats\ndata: {}\n\n", "\n\n"]],
  ])("does not change the answer: %s", async (_name, more) => {
    const events = typeof more === "function" ? [] : more;
    await using server = await startChatServer({ answer: () => [...says("Whole."), ...events] });
    const { result } = await askBot(server.bot(settings), "hi");
    expect(result).toMatchObject({ replies: [{ content: "Whole." }], finishReason: "stop" });
    expect(result.usage).toBeUndefined();
  });

  it.each(["breaks", "stays open"])("is not awaited when the connection %s", async (how) => {
    const chunks = says("Whole.").map((event) => `data: ${JSON.stringify(event)}\n\n`);
    await using server = await startChatServer({
      answer: () => (response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(chunks.join(""), () => {
          if (how === "breaks") response.destroy();
        });
      },
    });
    const { result } = await askBot(server.bot(settings), "hi");
    expect(result.replies).toEqual([{ content: "Whole." }]);
  });
});

describe("a server of another dialect", () => {
  it.each<[string, readonly object[]]>([
    ["a role of its own", [delta({ role: "model", content: "Hi!" }), finish("stop")]],
    ["pieces that are null", [delta({ role: "assistant", content: null, tool_calls: null }), ...says("Hi!")]],
    ["the end with the last piece", [finish("stop", { content: "Hi!" })]],
    [
      "an empty reason until the end",
      [{ choices: [{ index: 0, delta: { content: "Hi!" }, finish_reason: "" }] }, finish("stop")],
    ],
    [
      "a whole message instead of pieces",
      [{ choices: [{ index: 0, message: { role: "assistant", content: "Hi!" }, finish_reason: "stop" }] }],
    ],
    ["more than one choice", [{ choices: [{ index: 1, delta: { content: "No." } }] }, ...says("Hi!")]],
  ])("is understood: %s", async (_, events) => {
    await using server = await startChatServer({ answer: () => events });
    expect((await askBot(server.bot(), "hi")).result.replies).toEqual([{ content: "Hi!" }]);
  });

  it("is understood when it does not stream", async () => {
    const body = { choices: [{ index: 0, message: { content: "Hi!" }, finish_reason: "stop" }], usage };
    await using server = await startChatServer({
      answer: () => (response) => {
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
      },
    });
    const { result } = await askBot(server.bot(), "hi");
    expect(result).toMatchObject({ replies: [{ content: "Hi!" }], usage: counted });
  });

  it("is understood when a tool's input is not a string", async () => {
    const call = {
      index: 0,
      id: "c1",
      function: { name: "update_participant_data", arguments: { data: { a: 1 } } },
    };
    await using server = await startChatServer({
      answer: ({ messages }) =>
        messages.some(({ role }) => role === "tool")
          ? says("Kept.")
          : [finish("tool_calls", { tool_calls: [call] })],
    });
    const { result } = await askBot(server.bot({ tools: ["update_participant_data"] }), "hi");
    expect(result).toMatchObject({ replies: [{ content: "Kept." }], participantData: { a: 1 } });
  });

  it.each<[string, object]>([
    ["an error in words", { error: "the GPU is on fire" }],
    ["an error without a message", { error: { code: 500, detail: "the GPU is on fire" } }],
    ["an error that is the whole", { object: "error", message: "the GPU is on fire", code: 400 }],
  ])("reports what went wrong: %s", async (_, event) => {
    await using server = await startChatServer({ answer: () => [delta({ content: "half" }), event] });
    const asked = askBot(server.bot(), "hi");
    await expect(asked).rejects.toMatchObject({ code: "stream_interrupted" });
    await expect(asked).rejects.toThrow("the GPU is on fire");
  });

  it("that sends an error with status 200 produces no summary, but an error to retry", async () => {
    await using server = await startChatServer({
      answer: () => (response) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify({ error: { message: "slow down", code: 429 } }));
      },
    });
    const made = server.bot().summarize?.({
      previous: null,
      messages: [{ role: "user", content: "hello" }],
      maxTokens: 100,
      model: null,
      signal: new AbortController().signal,
    });
    await expect(made).rejects.toMatchObject({ code: "rate_limited" });
  });
});
