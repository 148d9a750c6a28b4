import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { askBot, streamedText } from "./ask-bot.ts";
import { events, json, SECRET, startEndpoint } from "./endpoint.ts";

describe("a request to an endpoint", () => {
  it("is signed together with its time, and names the delivery and the execution", async () => {
    await using endpoint = await startEndpoint((_, response) =>
      json(response, { messages: [{ content: "Hi" }] }),
    );
    const url = endpoint.url.replace("//", "//user:basicpw123@");
    await askBot(endpoint.bot({ url, headers: { "x-gateway": "blue" } }), "hello");
    const [request] = endpoint.requests;
    const [, time, digest] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(request?.headers["x-causeway-signature"])) ?? [];
    expect(createHmac("sha256", SECRET).update(`${time}.${request?.text}`).digest("hex")).toBe(digest);
    expect(Math.abs(Date.now() / 1000 - Number(time))).toBeLessThan(60);
    expect(request?.headers).toMatchObject({
      "x-causeway-event": "turn",
      "x-causeway-execution-id": "execution-1",
      "idempotency-key": "execution-1",
      "x-causeway-delivery-id": request?.body.delivery_id,
      "x-gateway": "blue",
      authorization: `Basic ${Buffer.from("user:basicpw123").toString("base64")}`,
    });
  });

  it("contains the message, its writer, its place, and the known data about the user", async () => {
    await using endpoint = await startEndpoint((_, response) =>
      json(response, { messages: [{ content: "Hi" }] }),
    );
    await askBot(endpoint.bot(), ["one", "two"], { participantData: { plan: "gold" } });
    expect(endpoint.requests[0]?.body).toEqual({
      version: 1,
      type: "turn",
      delivery_id: expect.any(String),
      execution_id: "execution-1",
      agent: { id: "agent-1", slug: "agent", version: 1 },
      session: { id: "session-1", channel: "web", metadata: {} },
      user: { id: "user-1", identifier: "42", name: "Ada", language: "en" },
      participant_data: { plan: "gold" },
      messages: [
        { id: "message-0", role: "user", content: "one", attachments: [] },
        { id: "message-1", role: "user", content: "two", attachments: [] },
      ],
    });
  });

  it("contains the recent conversation or the whole prompt if configured", async () => {
    await using endpoint = await startEndpoint((_, response) =>
      json(response, { messages: [{ content: "Hi" }] }),
    );
    const history = [{ role: "assistant" as const, content: "Welcome back." }];
    const prompt = [{ role: "system" as const, content: "Be kind." }, ...history];
    await askBot(endpoint.bot({ history: "recent" }), "hello", { history, prompt });
    await askBot(endpoint.bot({ history: "prompt" }), "hello", { history, prompt });
    expect(endpoint.requests.map(({ body }) => [body.history, body.prompt])).toEqual([
      [history, undefined],
      [undefined, prompt],
    ]);
  });

  it("uses a connection that is kept open", async () => {
    await using endpoint = await startEndpoint((_, response) =>
      json(response, { messages: [{ content: "Hi" }] }),
    );
    const bot = endpoint.bot();
    for (let n = 0; n < 5; n += 1) await askBot(bot, "hello");
    expect(endpoint.connections).toBeLessThan(5);
    await bot.close?.();
  });

  it("is repeated at once, with the same execution, when the connection breaks", async () => {
    await using endpoint = await startEndpoint(({ headers }, response) => {
      if (endpoint.requests.length === 1) response.socket?.destroy();
      else json(response, { messages: [{ content: String(headers["x-causeway-execution-id"]) }] });
    });
    const { result } = await askBot(endpoint.bot(), "hello");
    expect(result.replies).toEqual([{ content: "execution-1" }]);
  });
});

describe("an endpoint's JSON answer", () => {
  it("may contain several messages, participant data, usage and the end of the session", async () => {
    const token_usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 };
    await using endpoint = await startEndpoint((_, response) =>
      json(response, {
        messages: [{ content: "One" }, { content: "Two 👋" }],
        set_participant_data: { mood: "good", old: null },
        end_session: true,
        token_usage,
        something_newer: true,
      }),
    );
    const { result } = await askBot(endpoint.bot(), "hello");
    expect(result).toEqual({
      replies: [{ content: "One" }, { content: "Two 👋" }],
      participantData: { mood: "good", old: null },
      endSession: true,
      usage: token_usage,
    });
  });

  it.each([
    [{ messages: [{ content: "One moment." }], handoff: { reason: " refund " } }, "refund", 1],
    [{ messages: [{ content: "One moment." }], handoff: {} }, null, 1],
    [{ handoff: { reason: "refund" } }, "refund", 0],
  ])("may ask for a person, with or without a last message: %j", async (answer, reason, replies) => {
    await using endpoint = await startEndpoint((_, response) => json(response, answer));
    const { result } = await askBot(endpoint.bot(), "hello");
    expect(result).toMatchObject({ handoff: { reason } });
    expect(result.replies).toHaveLength(replies);
  });

  it("cannot end the session and ask for a person", async () => {
    await using endpoint = await startEndpoint((_, response) =>
      json(response, { end_session: true, handoff: { reason: "refund" } }),
    );
    await expect(askBot(endpoint.bot(), "hello")).rejects.toThrow("both end_session and handoff");
  });

  it("may be empty on purpose", async () => {
    await using endpoint = await startEndpoint((_, response) => json(response, { no_reply: true }));
    expect((await askBot(endpoint.bot(), "hello")).result).toEqual({ replies: [], silent: true });
  });
});

describe("an endpoint's streamed answer", () => {
  it("is passed on as it arrives; without messages at the end, the deltas are the reply", async () => {
    let finish = () => {};
    await using endpoint = await startEndpoint((_, response) => {
      events(response, [
        ["typing", {}],
        ["delta", { content: "Hello" }],
      ]);
      finish = () => {
        events(response, [
          ["delta", { content: " Ada 👋" }],
          ["final", {}],
        ]);
      };
    });
    const { result, progress } = await askBot(endpoint.bot(), "hello", { onProgress: () => finish() });
    expect(result.replies).toEqual([{ content: "Hello Ada 👋" }]);
    expect(progress.map(({ type }) => type)).toEqual(["content", "content"]);
  });

  it("ends with several messages, and the streamed text equals them", async () => {
    await using endpoint = await startEndpoint((_, response) =>
      events(response, [
        ["set_participant_data", { data: { mood: "good" } }],
        ["end_session", {}],
        ["something_newer", {}],
        ["delta", { content: "First." }],
        ["final", { messages: [{ content: "First." }, { content: "Second." }] }],
        ["final", { messages: [{ content: "Too late." }] }],
      ]),
    );
    const { result, progress } = await askBot(endpoint.bot(), "hello");
    expect(result).toMatchObject({
      replies: [{ content: "First." }, { content: "Second." }],
      participantData: { mood: "good" },
      endSession: true,
    });
    expect(streamedText(progress)).toBe("First.\n\nSecond.");
  });

  it.each<{ said: [string, unknown][] }>([{ said: [["delta", { content: "One moment." }]] }, { said: [] }])(
    "asks for a person, behind $said",
    async ({ said }) => {
      await using endpoint = await startEndpoint((_, response) =>
        events(response, [...said, ["handoff", { reason: "refund" }], ["final", {}]]),
      );
      const { result } = await askBot(endpoint.bot(), "hello");
      expect(result).toMatchObject({ handoff: { reason: "refund" } });
      expect(result.replies).toHaveLength(said.length);
    },
  );

  it("may be empty, too", async () => {
    await using endpoint = await startEndpoint((_, response) => events(response, [["no_reply", {}]]));
    expect((await askBot(endpoint.bot(), "hello")).result).toEqual({ replies: [], silent: true });
  });
});
