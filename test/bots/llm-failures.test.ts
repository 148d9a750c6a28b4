import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { Bot } from "../../src/bots/bot.ts";
import { definition } from "../../src/bots/llm/index.ts";
import { BotError } from "../../src/core/faults/errors.ts";
import { askBot, streamedText } from "./ask-bot.ts";
import { API_KEY, beginStream, chunk, startProvider } from "./provider-server.ts";
import { keptLog } from "./quiet-log.ts";

async function failureOf(bot: Bot, text = "hello"): Promise<BotError> {
  const error = await askBot(bot, text).then(
    () => new Error("it answered"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof BotError)) throw error;
  return error;
}

describe("a provider's refusal", () => {
  it("says that the key is wrong, without showing it, and is not retried", async () => {
    await using server = await startProvider({ auth: { apiKeys: ["another-key"] } });
    const error = await failureOf(server.bot());
    expect(error).toMatchObject({ code: "invalid_credentials", retryable: false });
    expect(error.message).toMatch(/127\.0\.0\.1:\d+ refused the API key \(401\): check bot\.apiKey/);
    expect(inspect(error, { depth: 10 })).not.toContain(API_KEY);
  });

  it("asks to wait as long as the provider asks", async () => {
    await using server = await startProvider();
    server.mock.onMessage("hello", { error: { message: "Slow down" }, status: 429, retryAfter: 7 });
    const error = await failureOf(server.bot());
    expect(error).toMatchObject({ code: "rate_limited", retryable: true, retryAfterMs: 7000 });
    expect(error.message).toContain("Slow down");
    // One request, because the turn engine does the retries.
    expect(server.mock.getRequests().length).toBe(1);
  });

  it.each([
    [400, { message: "nonsense" }, "request_refused", false],
    [400, { message: "too many", code: "context_length_exceeded" }, "context_length", false],
    [400, { message: "prompt is too long: 210000 tokens > 200000 maximum" }, "context_length", false],
    [400, { message: "filtered", code: "content_filter" }, "content_filter", false],
    [403, { message: "no access" }, "access_denied", false],
    [404, { message: "no such model" }, "model_not_found", false],
    [429, { message: "pay first", code: "insufficient_quota" }, "quota_exceeded", false],
    [500, { message: "oops" }, "provider_unavailable", true],
    [503, { message: "overloaded" }, "provider_unavailable", true],
    [529, { message: "overloaded" }, "provider_unavailable", true],
  ])("with %i %j becomes %s", async (status, error, code, retryable) => {
    await using server = await startProvider();
    server.mock.onMessage("hello", { error, status });
    const failure = await failureOf(server.bot());
    expect(failure).toMatchObject({ code, retryable });
    expect(failure.message).toContain(error.message);
  });

  it("never repeats secrets that the provider sends back", async () => {
    await using server = await startProvider();
    const headers = { "x-gateway-token": "gateway-secret-value" };
    const message = `bad header gateway-secret-value with ${API_KEY}`;
    server.mock.onMessage("hello", { error: { message }, status: 400 });
    const shown = inspect(await failureOf(server.bot({ headers })), { depth: 10 });
    expect(shown).toContain("bad header");
    expect(shown).not.toContain("gateway-secret-value");
    expect(shown).not.toContain(API_KEY);
  });

  it("puts no text of the conversation into errors and logs", async () => {
    await using server = await startProvider();
    server.mock.onMessage("private", { error: { message: "oops" }, status: 500 });
    expect(inspect(await failureOf(server.bot(), "my private words"), { depth: 10 })).not.toContain(
      "private words",
    );
  });
});

describe("an answer that fails", () => {
  it("because the connection is lost is retried, and is not taken for a short answer", async () => {
    await using server = await startProvider();
    server.mock.onMessage(
      "hello",
      { content: "This is never going to arrive whole." },
      { truncateAfterChunks: 3, latency: 10 },
    );
    const error = await failureOf(server.bot());
    expect(error).toMatchObject({ code: "stream_interrupted", retryable: true });
    expect(error.message).toMatch(/broke its answer off/);
  });

  it("because its stream ends without a finish reason is retried, too", async () => {
    await using server = await startProvider();
    const { baseUrl } = server.odd((response) => {
      beginStream(response, "half an ans");
      response.end();
    });
    const shown: string[] = [];
    const asked = askBot(server.bot({ baseUrl }), "hi", {
      onProgress: (event) => shown.push(streamedText([event])),
    });
    await expect(asked).rejects.toMatchObject({ code: "stream_interrupted", retryable: true });
    expect(shown.join("")).toBe("half an ans");
  });

  it("because of an error inside the stream reports the provider's words", async () => {
    await using server = await startProvider();
    const { baseUrl } = server.odd((response) => {
      beginStream(response, "half");
      response.end(chunk({ error: { message: "the GPU is on fire", code: "server_error" } }));
    });
    const error = await failureOf(server.bot({ baseUrl }));
    expect(error).toMatchObject({ code: "stream_interrupted", retryable: true });
    expect(error.message).toContain("the GPU is on fire");
  });

  it("because of invalid data inside the stream crashes nothing", async () => {
    await using server = await startProvider();
    const { baseUrl } = server.odd((response) => {
      beginStream(response, "half");
      response.end("data: {not json\n\n");
    });
    expect(await failureOf(server.bot({ baseUrl }))).toMatchObject({
      code: "stream_interrupted",
      retryable: true,
    });
  });

  it("because it is a web page asks the operator to check the address", async () => {
    await using server = await startProvider();
    const { baseUrl } = server.odd((response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<html>Welcome</html>");
    });
    expect((await failureOf(server.bot({ baseUrl }))).message).toContain("check bot.baseUrl");
  });

  it("because of the provider's content policy is not taken for a success", async () => {
    await using server = await startProvider();
    server.mock.onMessage("hello", { content: "Well, you co", finishReason: "content_filter" });
    expect(await failureOf(server.bot())).toMatchObject({ code: "content_filter", retryable: false });
  });
});

describe("a missing answer", () => {
  it("is a failure when the text is empty or blank", async () => {
    await using server = await startProvider();
    server.mock.onMessage("hello", { content: "" });
    server.mock.onMessage("blank", { content: " \n " });
    expect(await failureOf(server.bot())).toMatchObject({ code: "empty_reply" });
    expect(await failureOf(server.bot(), "blank")).toMatchObject({ code: "empty_reply" });
  });

  it("names the limit to raise when thinking used all tokens", async () => {
    await using server = await startProvider();
    server.mock.onMessage("hello", { content: "", reasoning: "Hmm, hmm.", finishReason: "length" });
    const error = await failureOf(server.bot());
    expect(error).toMatchObject({ code: "empty_reply", retryable: false });
    expect(error.message).toContain("raise bot.maxOutputTokens");
  });

  it("reports that nothing listens at the address", async () => {
    const server = await startProvider();
    const bot = server.bot();
    await server[Symbol.asyncDispose]();
    const error = await failureOf(bot);
    expect(error).toMatchObject({ code: "provider_unreachable", retryable: true });
    expect(error.message).toContain("check bot.baseUrl");
  });

  it("ends the wait and the connection after the allowed time", async () => {
    await using server = await startProvider();
    const { baseUrl, closed } = server.odd((response) => {
      beginStream(response, "Let me see…");
    });
    const error = await failureOf(server.bot({ baseUrl, timeoutMs: 200 }));
    expect(error).toMatchObject({ code: "timeout", retryable: true });
    await closed;
  });
});

describe("an abort", () => {
  it.each(["before the first byte", "in the middle of the answer"])(
    "%s closes the connection",
    async (moment) => {
      await using server = await startProvider();
      const abort = new AbortController();
      const reason = new Error("the user wrote again");
      const { baseUrl, closed } = server.odd((response) => {
        if (moment === "before the first byte") abort.abort(reason);
        else beginStream(response, "Let me see…");
      });
      const asked = askBot(server.bot({ baseUrl }), "hi", {
        signal: abort.signal,
        onProgress: () => abort.abort(reason),
      });
      await expect(asked).rejects.toBe(reason);
      await closed;
    },
  );

  it("before the turn begins sends no request", async () => {
    await using server = await startProvider();
    const signal = AbortSignal.abort(new Error("cancelled"));
    await expect(askBot(server.bot(), "hello", { signal })).rejects.toThrow("cancelled");
    expect(server.mock.getRequests()).toEqual([]);
  });
});

describe("settings of a language model", () => {
  const problems = (config: unknown) =>
    definition.configSchema.safeParse(config).error?.issues.map(({ path }) => path.join("."));

  it.each([
    [{ model: "m" }, ["baseUrl"]],
    [{ model: "m", provider: "anthropic" }, ["apiKey"]],
    [{ model: "m", baseUrl: "ftp://host" }, ["baseUrl"]],
    [{ baseUrl: "http://localhost/v1" }, ["model"]],
    [{ model: "m", baseUrl: "http://localhost/v1", temperature: 3 }, ["temperature"]],
    [{ model: "m", baseUrl: "http://localhost/v1", tools: ["fly"] }, ["tools.0"]],
  ])("%j is refused at %j", (config, paths) => {
    expect(problems(config)).toEqual(paths);
  });

  it("names a setting that does not exist", () => {
    const config = { model: "m", baseUrl: "http://localhost/v1", temprature: 1 };
    expect(JSON.stringify(definition.configSchema.safeParse(config).error?.issues)).toContain("temprature");
  });

  it("needs no key for a local server", async () => {
    const config = definition.configSchema.parse({ model: "m", baseUrl: "http://localhost:11434/v1" });
    await expect(definition.create(config, { log: keptLog() })).resolves.toBeDefined();
  });
});
