import { describe, expect, it } from "vitest";
import { definition as scripted } from "../../src/bots/script/index.ts";
import { askBot } from "./ask-bot.ts";
import { callsThenAnswers, toldToModel } from "./calling-model.ts";
import { events, json, startEndpoint } from "./endpoint.ts";
import { startProvider } from "./provider-server.ts";
import { keptLog } from "./quiet-log.ts";

const BUTTONS = [
  { label: "Yes", payload: "confirm:7" },
  { label: "Terms", url: "https://example.org/terms" },
];
const REPLY = { content: "Shall I book it?", buttons: BUTTONS };

describe("an endpoint", () => {
  it("offers buttons below a message, in JSON and at the end of a stream", async () => {
    const answers = [
      (response: Parameters<typeof json>[0]) => json(response, { messages: [{ content: "Hm." }, REPLY] }),
      (response: Parameters<typeof json>[0]) => {
        events(response, [
          ["delta", { content: REPLY.content }],
          ["final", { buttons: BUTTONS }],
        ]);
        response.end();
      },
    ];
    await using endpoint = await startEndpoint((_, response) => answers.shift()?.(response));
    expect((await askBot(endpoint.bot(), "hello")).result.replies).toEqual([{ content: "Hm." }, REPLY]);
    expect((await askBot(endpoint.bot(), "hello")).result.replies).toEqual([REPLY]);
  });

  it("gets the payload of the button that was pressed", async () => {
    await using endpoint = await startEndpoint((_, response) => json(response, { no_reply: true }));
    await askBot(endpoint.bot(), "Yes", { payload: "confirm:7" });
    expect(endpoint.requests[0]?.body.messages).toMatchObject([{ content: "Yes", payload: "confirm:7" }]);
  });

  it.each([
    ["nothing above them", { content: " ", buttons: BUTTONS }, "buttons without a text"],
    ["an invalid address", { content: "x", buttons: [{ label: "x", url: "javascript:x" }] }, "buttons.0.url"],
    ["too many", { content: "x", buttons: Array(21).fill({ label: "x" }) }, "messages.0.buttons"],
  ])("fails when it offers buttons with %s", async (_, message, reason) => {
    await using endpoint = await startEndpoint((_, response) => json(response, { messages: [message] }));
    await expect(askBot(endpoint.bot(), "hello")).rejects.toMatchObject({
      code: "invalid_answer",
      message: expect.stringContaining(reason),
    });
  });
});

describe("a model", () => {
  it("offers buttons by a tool that the agent names, and writes the text above them", async () => {
    await using server = await startProvider();
    callsThenAnswers(server, ["offer_buttons", { buttons: BUTTONS }]);
    const { result } = await askBot(server.bot({ tools: ["offer_buttons"] }), "go");
    expect(result.replies).toEqual([{ content: "Done.", buttons: BUTTONS }]);
    expect(toldToModel(server)).toContain("Write it now");
  });
});

describe("a script", () => {
  it("offers buttons with a line, answers a press, and keeps its place in the sequence", async () => {
    const config = scripted.configSchema.parse({
      replies: [{ match: "confirm:7", say: "Booked." }],
      sequence: [{ say: REPLY.content, buttons: BUTTONS }, { say: "Still here." }],
    });
    const bot = scripted.create(config, { log: keptLog() });
    expect((await askBot(bot, "hello")).result.replies).toEqual([REPLY]);
    const said = "Shall I book it?\n\n1. Yes\nTerms: https://example.org/terms";
    const prompt = [
      { role: "user" as const, content: "hello" },
      { role: "assistant" as const, content: said },
      { role: "user" as const, content: "hm" },
    ];
    expect((await askBot(bot, "hm", { prompt })).result.replies).toEqual([{ content: "Still here." }]);
    expect((await askBot(bot, "Yes", { payload: "confirm:7", prompt })).result.replies).toEqual([
      { content: "Booked." },
    ]);
  });
});
