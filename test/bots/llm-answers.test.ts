import { describe, expect, it } from "vitest";
import { askBot, streamedText } from "./ask-bot.ts";
import { API_KEY, beginStream, chunk, startProvider } from "./provider-server.ts";

describe("a language model's answer", () => {
  it("is streamed as it comes, and the pieces add up to the reply", async () => {
    await using server = await startProvider();
    server.mock.onMessage("hello", { content: "Hello Ada,\n\nhow are you today? " });
    const { result, progress } = await askBot(server.bot(), "hello");
    expect(result.replies).toEqual([{ content: "Hello Ada,\n\nhow are you today? " }]);
    expect(progress.length).toBeGreaterThan(3);
    expect(streamedText(progress)).toBe(result.replies[0]?.content);
  });

  it("is passed on before the provider has finished", async () => {
    await using server = await startProvider();
    let finish = () => {};
    const { baseUrl } = server.odd((response) => {
      beginStream(response, "first");
      finish = () => {
        response.end(chunk({ choices: [{ index: 0, delta: { content: " last" }, finish_reason: "stop" }] }));
      };
    });
    // The provider continues only after the first piece was shown. A bot that holds pieces back would never end.
    const { result } = await askBot(server.bot({ baseUrl }), "hi", { onProgress: () => finish() });
    expect(result.replies).toEqual([{ content: "first last" }]);
  });

  it("reports the tokens the provider counted", async () => {
    await using server = await startProvider();
    const usage = { prompt_tokens: 12, completion_tokens: 5 };
    server.mock.onMessage("hello", { content: "Hi!", usage });
    const { result } = await askBot(server.bot(), "hello");
    expect(result.usage).toEqual({ ...usage, total_tokens: 17 });
  });

  it("shows reasoning as thinking and keeps it out of the reply", async () => {
    await using server = await startProvider();
    server.mock.onMessage("think", { content: "42", reasoning: "Six times seven." });
    const { result, progress } = await askBot(server.bot(), "think");
    const thought = progress.map((event) => (event.type === "thinking" ? event.content : "")).join("");
    expect(thought).toBe("Six times seven.");
    expect(result.replies).toEqual([{ content: "42" }]);
  });

  it("arrives complete when it is very long", async () => {
    await using server = await startProvider({ chunkSize: 4096 });
    const content = "All work and no play. ".repeat(50_000);
    server.mock.onMessage("write", { content });
    const { result } = await askBot(server.bot(), "write");
    expect(result.replies[0]?.content.length).toBe(content.length);
  });

  it("is kept when the output limit cuts it off", async () => {
    await using server = await startProvider();
    server.mock.onMessage("hello", { content: "As I was sayi", finishReason: "length" });
    const { result } = await askBot(server.bot(), "hello");
    expect(result.replies).toEqual([{ content: "As I was sayi" }]);
  });
});

describe("a request to a provider", () => {
  const prompt = [
    { role: "system" as const, content: "Be kind." },
    { role: "user" as const, content: "example" },
    { role: "assistant" as const, content: "reply" },
    { role: "system" as const, content: "First visit." },
    { role: "user" as const, content: "hello" },
  ];

  it("contains the prompt, the model configuration and a valid key", async () => {
    await using server = await startProvider({ auth: { apiKeys: [API_KEY] } });
    server.mock.onMessage("hello", { content: "Hi!" });
    const settings = { temperature: 0.6, maxOutputTokens: 800, topP: 0.9, seed: 7, stop: ["END"] };
    const providerOptions = { reasoningEffort: "low", my_gateway_flag: true };
    const headers = { "x-gateway": "blue" };
    await askBot(server.bot({ ...settings, providerOptions, headers }), "hello", { prompt });
    const request = server.mock.getLastRequest();
    expect(request?.headers).toMatchObject({ "x-gateway": "blue" });
    expect(request?.body).toMatchObject({
      model: "test-model",
      messages: [
        { role: "system", content: "Be kind.\n\nFirst visit." },
        { role: "user", content: "example" },
        { role: "assistant", content: "reply" },
        { role: "user", content: "hello" },
      ],
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0.6,
      max_tokens: 800,
      top_p: 0.9,
      seed: 7,
      stop: ["END"],
      reasoning_effort: "low",
      my_gateway_flag: true,
    });
  });

  it("goes to OpenAI's chat completions if that is the provider", async () => {
    await using server = await startProvider();
    server.mock.onMessage("hello", { content: "Hi!" });
    const { result } = await askBot(server.bot({ provider: "openai", model: "gpt-4.1-mini" }), "hello", {
      prompt,
    });
    expect(result.replies).toEqual([{ content: "Hi!" }]);
    expect(server.mock.getLastRequest()?.path).toBe("/v1/chat/completions");
  });

  it.each([
    { provider: "openai", model: "gpt-4.1-mini", base: "/v1" },
    { provider: "anthropic", model: "claude-sonnet-4-5", base: "/v1" },
    { provider: "google", model: "gemini-2.5-flash", base: "/v1beta" },
  ])("begins with one system message for $provider, too", async (each) => {
    await using server = await startProvider();
    server.mock.onMessage("hello", { content: "Hi!", reasoning: "Greet back." });
    const { base, ...settings } = each;
    const bot = server.bot({ ...settings, baseUrl: `${server.mock.url}${base}` });
    const { result, progress } = await askBot(bot, "hello", { prompt });
    expect(result.replies).toEqual([{ content: "Hi!" }]);
    expect(result.usage?.total_tokens).toBeGreaterThanOrEqual(0);
    // OpenAI's chat completions show no reasoning.
    expect(progress.some(({ type }) => type === "thinking")).toBe(each.provider !== "openai");
    const body = server.mock.getLastRequest()?.body;
    const messages = body && "messages" in body && Array.isArray(body.messages) ? body.messages : [];
    expect(messages.map(({ role }) => role)).toEqual(["system", "user", "assistant", "user"]);
    expect(JSON.stringify(messages[0])).toMatch(/Be kind\..*First visit\./);
  });
});
