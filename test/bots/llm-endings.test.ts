import { describe, expect, it } from "vitest";
import type { SummaryRequest } from "../../src/bots/bot.ts";
import { askBot } from "./ask-bot.ts";
import { delta, finish, says, startChatServer } from "./chat-server.ts";

const HALF = "Take two pills and never ";
const summary = (): SummaryRequest => ({
  previous: null,
  messages: [{ role: "user", content: "hello" }],
  maxTokens: 100,
  model: null,
  signal: new AbortController().signal,
});
const WITH_TOOLS = { tools: ["end_session"] };
const ways = [
  ["alone", {}],
  ["with tools", WITH_TOOLS],
  ["from OpenAI", { provider: "openai", apiKey: "k" }],
] as const;

const broken = [
  "insufficient_system_resource",
  "error",
  "network_error",
  "abort",
  "malformed_function_call",
  "OTHER",
  "something new",
  // There is no call of a tool.
  "tool_calls",
  "function_call",
];

describe.each(ways)("an answer of a model %s", (_, settings) => {
  it.each(broken)("that ends with %s is incomplete, and is requested again", async (reason) => {
    await using server = await startChatServer({ answer: () => [delta({ content: HALF }), finish(reason)] });
    const asked = askBot(server.bot(settings), "help");
    await expect(asked).rejects.toMatchObject({ code: "stream_interrupted", retryable: true });
    await expect(asked).rejects.toThrow(`"${reason}"`);
  });

  it.each(["content_filter", "sensitive", "SAFETY", "PROHIBITED_CONTENT", "refusal"])(
    "that ends with %s counts as a refusal",
    async (reason) => {
      await using server = await startChatServer({
        answer: () => [delta({ content: HALF }), finish(reason)],
      });
      const asked = askBot(server.bot(settings), "help");
      await expect(asked).rejects.toMatchObject({ code: "content_filter", retryable: false });
      await expect(asked).rejects.toThrow(reason);
    },
  );

  it.each(["stop", "STOP", "eos", "eos_token", "end_turn", "stop_sequence"])(
    "that ends with %s is complete",
    async (reason) => {
      await using server = await startChatServer({
        answer: () => [delta({ content: "Hello." }), finish(reason)],
      });
      const { result } = await askBot(server.bot(settings), "help");
      expect(result).toMatchObject({ replies: [{ content: "Hello." }], finishReason: "stop" });
    },
  );

  it.each(["length", "max_tokens", "MAX_TOKENS", "model_length"])(
    "that ends with %s is marked as cut off",
    async (reason) => {
      await using server = await startChatServer({
        answer: () => [delta({ content: "One, two, th" }), finish(reason)],
      });
      const { result } = await askBot(server.bot(settings), "count");
      expect(result).toMatchObject({ replies: [{ content: "One, two, th" }], finishReason: "length" });
    },
  );

  it("that ends without a reason is incomplete", async () => {
    await using server = await startChatServer({ answer: () => [delta({ content: HALF })] });
    const asked = askBot(server.bot(settings), "help");
    await expect(asked).rejects.toMatchObject({ code: "stream_interrupted", retryable: true });
  });
});

describe("a summary", () => {
  it.each(broken)("that ends with %s is not used", async (reason) => {
    await using server = await startChatServer({ answer: () => [finish(reason, { content: "The user" })] });
    const made = server.bot().summarize?.(summary());
    await expect(made).rejects.toMatchObject({ code: "stream_interrupted" });
  });

  it("is used even if it was cut off", async () => {
    await using server = await startChatServer({ answer: () => [finish("length", { content: "The user" })] });
    await expect(server.bot().summarize?.(summary())).resolves.toMatchObject({ content: "The user" });
  });

  it("is used if it is complete", async () => {
    await using server = await startChatServer({ answer: () => says("All of it.") });
    await expect(server.bot().summarize?.(summary())).resolves.toMatchObject({ content: "All of it." });
  });
});
