import { once } from "node:events";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { Bot } from "../../src/bots/bot.ts";
import { BotError } from "../../src/core/faults/errors.ts";
import { eventually } from "../support/eventually.ts";
import { askBot } from "./ask-bot.ts";
import { events, json, SECRET, startEndpoint } from "./endpoint.ts";

async function failureOf(bot: Bot): Promise<BotError> {
  const error = await askBot(bot, "hello").then(
    () => new Error("it answered"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof BotError)) throw error;
  return error;
}

describe("a refusal by an endpoint", () => {
  it.each([
    [401, "invalid_credentials", false, "bot.secret"],
    [302, "redirected", false, "bot.url"],
    [404, "request_refused", false, "404"],
    [422, "request_refused", false, "no such thing"],
    [503, "endpoint_unavailable", true, "no such thing"],
    [429, "endpoint_unavailable", true, "429"],
  ])("with %i becomes %s", async (status, code, retryable, words) => {
    await using endpoint = await startEndpoint((_, response) => json(response, "no such thing", status));
    const error = await failureOf(endpoint.bot());
    expect(error).toMatchObject({ code, retryable });
    expect(error.message).toContain(words);
  });

  it("says how long to wait", async () => {
    await using endpoint = await startEndpoint((_, response) => {
      response.writeHead(503, { "retry-after": "7" }).end();
    });
    expect(await failureOf(endpoint.bot())).toMatchObject({ retryAfterMs: 7000 });
  });

  it("never puts secrets into an error, even if it contains them", async () => {
    await using endpoint = await startEndpoint(({ headers }, response) => {
      response.writeHead(400).end(`bad ${headers["x-token"]} ${SECRET} ${headers.authorization}`);
    });
    const url = endpoint.url.replace("//", "//user:100%sure@");
    const bot = endpoint.bot({ url, headers: { "x-token": "gateway-secret" } });
    const shown = inspect(await failureOf(bot), { depth: 10 });
    expect(shown).toContain("bad [secret] [secret] Basic [secret]");
    expect(shown).not.toContain("gateway-secret");
    expect(shown).not.toContain(SECRET);
  });
});

describe("an answer that cannot be used", () => {
  it.each([
    ["without a message", {}, "empty_reply", "no_reply"],
    [
      "with messages and no_reply",
      { messages: [{ content: "a" }], no_reply: true },
      "invalid_answer",
      "both",
    ],
    [
      "with a message that is no text",
      { messages: [{ content: 1 }] },
      "invalid_answer",
      "messages.0.content",
    ],
    [
      "with too many messages",
      { messages: Array.from({ length: 21 }, () => ({ content: "a" })) },
      "invalid_answer",
      "20",
    ],
    ["with a message too long", { messages: [{ content: "a".repeat(100_001) }] }, "invalid_answer", "100000"],
    [
      "with too much participant data",
      { no_reply: true, set_participant_data: { a: "b".repeat(70_000) } },
      "invalid_answer",
      "set_participant_data",
    ],
    ["that is too large", { messages: [], padding: "a".repeat(5_000_001) }, "invalid_answer", "5000000"],
  ])("%s says what is wrong, and is not requested again", async (_, body, code, words) => {
    await using endpoint = await startEndpoint((_request, response) => json(response, body));
    const error = await failureOf(endpoint.bot());
    expect(error).toMatchObject({ code, retryable: false });
    expect(error.message).toContain(words);
  });

  it("because it is a web page names the content type", async () => {
    await using endpoint = await startEndpoint((_, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<html>");
    });
    expect((await failureOf(endpoint.bot())).message).toContain("text/html");
  });

  it("because its stream breaks off is retried, and is not taken for a short answer", async () => {
    await using endpoint = await startEndpoint((_, response) =>
      events(response, [["delta", { content: "Half an ans" }]], { end: true }),
    );
    expect(await failureOf(endpoint.bot())).toMatchObject({ code: "stream_interrupted", retryable: true });
  });

  it("because it reports an error itself shows the words of that error", async () => {
    await using endpoint = await startEndpoint((_, response) =>
      events(response, [["error", { message: "out of ideas", code: "no_ideas", retryable: false }]]),
    );
    const error = await failureOf(endpoint.bot());
    expect(error).toMatchObject({ code: "no_ideas", retryable: false });
    expect(error.message).toContain("out of ideas");
  });

  it("because an event is not JSON names the event", async () => {
    await using endpoint = await startEndpoint((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("event: final\ndata: {oops\n\n");
    });
    expect((await failureOf(endpoint.bot())).message).toContain("final");
  });
});

describe("an endpoint that does not answer", () => {
  it("in time is a failure to retry", async () => {
    await using endpoint = await startEndpoint(() => {});
    const error = await failureOf(endpoint.bot({ timeoutMs: 100 }));
    expect(error).toMatchObject({ code: "timeout", retryable: true });
  });

  it("because nothing listens there is a failure to retry, too", async () => {
    const endpoint = await startEndpoint(() => {});
    await endpoint[Symbol.asyncDispose]();
    expect(await failureOf(endpoint.bot())).toMatchObject({ code: "endpoint_unreachable", retryable: true });
  });

  it.each(["cancelled", "interrupted"])(
    "because the turn was %s gets a signed notice of that",
    async (stopReason) => {
      let gone: Promise<unknown> = Promise.resolve();
      await using endpoint = await startEndpoint(({ body }, response) => {
        if (body.type === "cancel") response.writeHead(204).end();
        else gone = once(response, "close");
      });
      const stop = new AbortController();
      const reason = Object.assign(new Error("stopped"), { stopReason });
      const asked = askBot(endpoint.bot(), "hello", { signal: stop.signal });
      await eventually(() => expect(endpoint.requests.length).toBe(1));
      stop.abort(reason);
      await expect(asked).rejects.toBe(reason);
      await gone;
      const cancel = await eventually(() => {
        const [, second] = endpoint.requests;
        if (second === undefined) throw new Error("no cancel yet");
        return second;
      });
      expect(cancel.body).toMatchObject({ type: "cancel", execution_id: "execution-1", reason: stopReason });
      expect(cancel.headers["x-causeway-signature"]).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
    },
  );

  it("because another process took over gets no such notice", async () => {
    await using endpoint = await startEndpoint(({ body }, response) => {
      if (body.messages?.[0].content === "second") json(response, { no_reply: true });
    });
    const stop = new AbortController();
    const bot = endpoint.bot();
    const asked = askBot(bot, "hello", { signal: stop.signal });
    await eventually(() => expect(endpoint.requests.length).toBe(1));
    stop.abort(Object.assign(new Error("stopped"), { stopReason: "lease_lost" }));
    await expect(asked).rejects.toThrow("stopped");
    await bot.close?.();
    await askBot(endpoint.bot(), "second");
    expect(endpoint.requests.map(({ body }) => body.type)).toEqual(["turn", "turn"]);
  });
});
