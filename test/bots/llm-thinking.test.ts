import { describe, expect, it } from "vitest";
import type { BotProgress } from "../../src/bots/bot.ts";
import { askBot, streamedText } from "./ask-bot.ts";
import { type ChatBody, delta, finish, says, startChatServer } from "./chat-server.ts";

const thought = (progress: readonly BotProgress[]) =>
  progress.map((event) => (event.type === "thinking" ? event.content : "")).join("");
const WITH_TOOLS = { tools: ["read_participant_data"] };

describe.each([
  ["alone", {}],
  ["with tools", WITH_TOOLS],
])("a model that thinks in its text, %s", (_, settings) => {
  it("shows its thinking separately, and its answer does not contain it", async () => {
    const pieces = ["<think>", "\nThe user wants X. Secret plan.\n", "</th", "ink>", "\n\nHello", " there"];
    await using server = await startChatServer({ answer: () => says(...pieces) });
    const { result, progress } = await askBot(server.bot(settings), "hi");
    expect(result.replies).toEqual([{ content: "Hello there" }]);
    expect(streamedText(progress)).toBe("Hello there");
    expect(thought(progress)).toContain("Secret plan.");
  });

  it("without an opening tag is recognized from its second answer on", async () => {
    const pieces = ["\nSecret plan.\n", "</think>", "\n\nHello there"];
    await using server = await startChatServer({ answer: () => says(...pieces) });
    const bot = server.bot(settings);
    const first = await askBot(bot, "hi");
    expect(first.result.replies).toEqual([{ content: "Hello there" }]);
    expect(first.progress).toContainEqual({ type: "retraction" });
    const second = await askBot(bot, "hi");
    expect(second.result.replies).toEqual([{ content: "Hello there" }]);
    expect(streamedText(second.progress)).toBe("Hello there");
    expect(thought(second.progress)).toContain("Secret plan.");
  });

  it("can be configured as one in advance", async () => {
    await using server = await startChatServer({ answer: () => says("Secret plan.\n", "</think>", "Hello") });
    const { progress } = await askBot(server.bot({ ...settings, thinkingFirst: true }), "hi");
    expect(streamedText(progress)).toBe("Hello");
  });

  it("gives no answer if its thinking never ends", async () => {
    const answer = () => [delta({ content: "<think>Hmm, " }), finish("length")];
    await using server = await startChatServer({ answer });
    await expect(askBot(server.bot(settings), "hi")).rejects.toMatchObject({ code: "empty_reply" });
  });

  it("may use another tag, or keep the text between tags", async () => {
    await using server = await startChatServer({ answer: () => says("<reason>plan</reason>Hello <think>") });
    const other = await askBot(server.bot({ ...settings, thinkingTag: "reason" }), "hi");
    expect(other.result.replies).toEqual([{ content: "Hello <think>" }]);
    const none = await askBot(server.bot({ ...settings, thinkingTag: "" }), "hi");
    expect(none.result.replies).toEqual([{ content: "<reason>plan</reason>Hello <think>" }]);
  });

  it("keeps tags in its text if it reports its thinking separately", async () => {
    const answer = () => [delta({ reasoning_content: "Tags." }), ...says("a\n</think>\nb")];
    await using server = await startChatServer({ answer });
    const bot = server.bot({ ...settings, thinkingFirst: true });
    const { progress } = await askBot(bot, "hi");
    expect(thought(progress)).toBe("Tags.");
  });
});

it("a model may think before each of its steps", async () => {
  const call = { index: 0, id: "c1", function: { name: "read_participant_data", arguments: "{}" } };
  const answer = ({ messages }: ChatBody) =>
    messages.some(({ role }) => role === "tool")
      ? says("<think>Now I know.</think>You are ", "Ada.")
      : [
          delta({ content: "<think>I look.</think>One moment." }),
          finish("tool_calls", { tool_calls: [call] }),
        ];
  await using server = await startChatServer({ answer });
  const { result, progress } = await askBot(server.bot(WITH_TOOLS), "who am I?");
  expect(result.replies).toEqual([{ content: "One moment.\n\nYou are Ada." }]);
  expect(thought(progress)).toBe("I look.Now I know.");
  expect(JSON.stringify(server.requests.at(-1))).not.toContain("<think>");
});

it("summaries of a model do not contain its thinking", async () => {
  const written = [
    "<think>They said hello.</think>\nA greeting.",
    "They said hello.\n</think>\n\nA greeting.",
  ];
  for (const text of written) {
    await using server = await startChatServer({ answer: () => says(text) });
    const summary = await server.bot().summarize?.({
      previous: null,
      messages: [{ role: "user", content: "hello" }],
      maxTokens: 100,
      model: null,
      signal: new AbortController().signal,
    });
    expect(summary?.content).toBe("A greeting.");
  }
});
