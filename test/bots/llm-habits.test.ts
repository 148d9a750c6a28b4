import { describe, expect, it } from "vitest";
import type { SummaryRequest } from "../../src/bots/bot.ts";
import { askBot } from "./ask-bot.ts";
import {
  type ChatBody,
  delta,
  finish,
  type Rule,
  rolesAlternate,
  says,
  startChatServer,
} from "./chat-server.ts";

const PROMPT = [
  { role: "system" as const, content: "Be kind." },
  { role: "user" as const, content: "hello" },
];
const summary = (model: string | null = null): SummaryRequest => ({
  previous: null,
  messages: [{ role: "user", content: "hello" }],
  maxTokens: 100,
  model,
  signal: new AbortController().signal,
});
const has =
  (parameter: string, words: string): Rule =>
  (body) =>
    body[parameter] === undefined ? null : words;
const refusesMaxTokens = has(
  "max_tokens",
  "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
);
const limits = (requests: readonly ChatBody[]) =>
  requests.map(({ max_tokens, max_completion_tokens }) => max_tokens ?? max_completion_tokens ?? null);

describe("a server that calls the output limit max_completion_tokens", () => {
  it.each([
    ["openai-compatible", { provider: "openai-compatible" }],
    ["openai", { provider: "openai", apiKey: "k" }],
  ])("gets that name in every request after its first refusal (%s)", async (_, provider) => {
    await using server = await startChatServer({ rules: [refusesMaxTokens] });
    const bot = server.bot({ ...provider, maxOutputTokens: 800 });
    expect((await askBot(bot, "hello")).result.replies).toEqual([{ content: "Hi!" }]);
    expect((await askBot(bot, "hello")).result.replies).toEqual([{ content: "Hi!" }]);
    expect(limits(server.requests)).toEqual([800, 800, 800]);
    expect(server.requests.map((body) => "max_tokens" in body)).toEqual([true, false, false]);
  });

  it("writes summaries, also with a second model", async () => {
    await using server = await startChatServer({ rules: [refusesMaxTokens] });
    const bot = server.bot();
    for (const model of [null, "small", "small"]) {
      await expect(bot.summarize?.(summary(model))).resolves.toMatchObject({ content: "Hi!" });
    }
    expect(server.requests.map((body) => [body.model, "max_tokens" in body])).toEqual([
      ["m", true],
      ["m", false],
      ["small", true],
      ["small", false],
      ["small", false],
    ]);
  });
});

it("a server that refuses our default limit gets none, but it always gets the operator's limit", async () => {
  const small: Rule = (body) =>
    limits([body])[0] === null ? null : "max_tokens is too large: this model takes 512";
  await using server = await startChatServer({ rules: [small] });
  await expect(server.bot().summarize?.(summary())).resolves.toMatchObject({ content: "Hi!" });
  // Only the operator may change the operator's own setting.
  const asked = askBot(server.bot({ maxOutputTokens: 800 }), "hello");
  await expect(asked).rejects.toMatchObject({ code: "request_refused", retryable: false });
  await expect(asked).rejects.toThrow("max_tokens is too large");
});

describe("a server that refuses an optional part of the request", () => {
  it.each<[string, Rule, Record<string, unknown>]>([
    ["stream_options", has("stream_options", "stream_options: Extra inputs are not permitted"), {}],
    [
      "parallel_tool_calls",
      has("parallel_tool_calls", "Unrecognized request argument supplied: parallel_tool_calls"),
      { providerOptions: { parallel_tool_calls: false } },
    ],
    [
      "tool_choice",
      has("tool_choice", '"auto" tool choice requires --enable-auto-tool-choice'),
      { tools: ["end_session"] },
    ],
    [
      "tool_choice none",
      (body) => (body["tool_choice"] === "none" ? "tool_choice 'none' is not supported" : null),
      { tools: ["end_session"], maxSteps: 1 },
    ],
  ])("gets later requests without %s", async (_, rule, settings) => {
    await using server = await startChatServer({ rules: [rule] });
    const bot = server.bot(settings);
    for (let turn = 1; turn <= 2; turn += 1) {
      expect((await askBot(bot, "hello")).result.replies).toEqual([{ content: "Hi!" }]);
    }
    expect(server.requests.length).toBe(3);
  });

  it("gets later requests without all the parts that it refused", async () => {
    const rules = [has("stream_options", "unknown field stream_options"), refusesMaxTokens];
    await using server = await startChatServer({ rules, refusal: 422 });
    const bot = server.bot({ maxOutputTokens: 800 });
    await askBot(bot, "hello");
    await askBot(bot, "hello");
    expect(server.requests.length).toBe(4);
  });

  it("gets no second request if the refusal is a rate limit", async () => {
    const rules = [has("stream_options", "stream_options cost extra")];
    await using server = await startChatServer({ rules, refusal: 429 });
    await expect(askBot(server.bot(), "hello")).rejects.toMatchObject({ code: "rate_limited" });
    expect(server.requests.length).toBe(1);
  });
});

describe("a model without a system role", () => {
  const noSystem =
    (words: string): Rule =>
    ({ messages }) =>
      messages.some(({ role }) => role === "system") ? words : null;
  const folded = [{ role: "user", content: "Be kind.\n\nhello" }];

  it.each([
    [400, "System role not supported"],
    [500, "Jinja Exception: System role not supported"],
    [400, "Conversation roles must alternate user/assistant/user/assistant/..."],
    [400, "Only user and assistant roles are supported!"],
    [422, "messages.0.role: Input should be 'user' or 'assistant'"],
    [400, "Developer instruction is not enabled for models/gemma-2"],
  ])("gets the prompt as a user message after it refused with %i: %s", async (refusal, words) => {
    await using server = await startChatServer({ rules: [noSystem(words), rolesAlternate], refusal });
    const bot = server.bot();
    for (let turn = 1; turn <= 2; turn += 1) {
      const { result } = await askBot(bot, "hello", { prompt: PROMPT });
      expect(result.replies).toEqual([{ content: "Hi!" }]);
    }
    expect(server.requests.slice(1).map(({ messages }) => messages)).toEqual([folded, folded]);
  });

  it("writes summaries", async () => {
    await using server = await startChatServer({
      rules: [noSystem("System role not supported"), rolesAlternate],
    });
    await expect(server.bot().summarize?.(summary())).resolves.toMatchObject({ content: "Hi!" });
    expect(server.requests.at(-1)?.messages.map(({ role }) => role)).toEqual(["user"]);
  });

  it("can be configured in advance", async () => {
    await using server = await startChatServer({ rules: [noSystem("no"), rolesAlternate] });
    await askBot(server.bot({ systemRole: "user" }), "hello", { prompt: PROMPT });
    expect(server.requests.map(({ messages }) => messages)).toEqual([folded]);
  });

  it("is not assumed if the operator configured the role, or if that does not help", async () => {
    await using server = await startChatServer({ rules: [() => "the system prompt is forbidden"] });
    await expect(askBot(server.bot({ systemRole: "system" }), "hello", { prompt: PROMPT })).rejects.toThrow();
    expect(server.requests.length).toBe(1);
    const bot = server.bot();
    for (let turn = 1; turn <= 2; turn += 1) {
      await expect(askBot(bot, "hello", { prompt: PROMPT })).rejects.toMatchObject({
        code: "request_refused",
      });
    }
    expect(server.requests.slice(1).map(({ messages }) => messages.length)).toEqual([2, 1, 2, 1]);
  });
});

it("a model gets its tool call back with its signature, and nothing else", async () => {
  const signature = { google: { thought_signature: "SIG" } };
  const call = {
    index: 0,
    id: "c1",
    type: "function",
    function: { name: "read_participant_data", arguments: "{}" },
  };
  const answer = ({ messages }: ChatBody) =>
    messages.some(({ role }) => role === "tool")
      ? says("Done.")
      : [delta({ tool_calls: [{ ...call, extra_content: signature }] }), finish("tool_calls")];
  await using server = await startChatServer({ answer });
  const { result } = await askBot(server.bot({ tools: ["read_participant_data"] }), "go");
  expect(result.replies).toEqual([{ content: "Done." }]);
  const [asked] = server.requests.at(-1)?.messages.flatMap(({ tool_calls = [] }) => tool_calls) ?? [];
  const { index: _, ...sent } = call;
  expect(asked).toEqual({ ...sent, extra_content: signature });
});

it("a server's error stays readable although the key is a single letter", async () => {
  await using server = await startChatServer({
    rules: [({ messages }) => (messages.length > 1 ? "unknown field max_tokens for key k" : null)],
  });
  const refused = askBot(server.bot({ apiKey: "k" }), "hello", { prompt: PROMPT });
  await expect(refused).rejects.toThrow('("unknown field max_tokens for key k")');
});

it("an address may contain credentials and a query, which no error shows", async () => {
  await using server = await startChatServer({
    rules: [({ messages }) => (messages.length > 1 ? "no user:basicpw123 with querykey123" : null)],
  });
  const baseUrl = `${server.baseUrl.replace("//", "//user:basicpw123@")}?key=querykey123`;
  expect((await askBot(server.bot({ baseUrl }), "hello")).result.replies).toEqual([{ content: "Hi!" }]);
  expect(server.urls).toEqual(["/v1/chat/completions?key=querykey123"]);
  const basic = `Basic ${Buffer.from("user:basicpw123").toString("base64")}`;
  expect(server.headers[0]?.authorization).toBe(basic);
  const refused = askBot(server.bot({ baseUrl }), "hello", { prompt: PROMPT });
  await expect(refused).rejects.toThrow('("no [secret]:[secret] with [secret]")');
});
