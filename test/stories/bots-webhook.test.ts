import { describe, expect, it } from "vitest";
import { json, SECRET, startEndpoint } from "../bots/endpoint.ts";
import { languages, runExample } from "../bots/run-example.ts";
import { startTestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { converse } from "./bots-conversation.ts";
import { startTelegramStory } from "./telegram-story.ts";

describe("a bot behind a URL", () => {
  it.each(languages)("from the manual, in %s, remembers the user and asks for a person", async (language) => {
    await using bot = await runExample(language);
    await using story = await startTelegramStory({
      agent: { bot: { type: "webhook", url: bot.url, secret: SECRET } },
    });
    await story.say(7, "good morning");
    await eventually(() => expect(story.texts(7)).toEqual(["Hello number 1! You wrote: good morning"]));
    await story.say(7, "/reset");
    await story.say(7, "me again");
    await eventually(() => expect(story.texts(7).at(-1)).toBe("Hello number 2! You wrote: me again"));
    await story.say(7, "a human, please");
    await eventually(() => expect(story.texts(7).at(-1)).toBe("I am getting a person."));
    const { body } = await story.app.api("GET", "/handoffs");
    expect(body.data).toMatchObject([{ state: "requested", reason: "The user asks for a person." }]);
  });

  it("that fails is asked again with the same execution, and gives one reply", async () => {
    await using endpoint = await startEndpoint((_, response) => {
      if (endpoint.requests.length === 1) response.writeHead(503, { "retry-after": "0" }).end();
      else json(response, { messages: [{ content: "Sorry, here I am." }] });
    });
    await using app = await startTestApp({
      agents: { agent: { bot: { type: "webhook", url: endpoint.url, secret: SECRET } } },
      channels: { api: { kind: "api", agent: "agent" } },
    });
    await using talk = converse(app);
    const answered = await talk.say("hello");
    expect(answered.replies).toMatchObject([{ content: "Sorry, here I am.", origin: "bot" }]);
    const [first, second] = endpoint.requests.map(({ body }) => body);
    expect(second.execution_id).toBe(first.execution_id);
    expect(first.execution_id).toBe(answered.executionId);
    expect(second.delivery_id).not.toBe(first.delivery_id);
  });

  it("receives recent messages, but none from before a reset", async () => {
    await using endpoint = await startEndpoint((_, response) =>
      json(response, { messages: [{ content: "Noted." }] }),
    );
    const bot = { type: "webhook", url: endpoint.url, secret: SECRET, history: "recent" };
    await using story = await startTelegramStory({ agent: { bot } });
    for (const [index, text] of ["one", "two", "/reset", "three", "four"].entries()) {
      await story.say(7, text);
      await eventually(() => expect(story.texts(7).length).toBe(index + 1));
    }
    expect(endpoint.requests.map(({ body }) => body.history)).toEqual([
      [],
      [
        { role: "user", content: "one" },
        { role: "assistant", content: "Noted." },
      ],
      [],
      [
        { role: "user", content: "three" },
        { role: "assistant", content: "Noted." },
      ],
    ]);
  });

  it("that returns characters a database cannot store still gives answers to everybody", async () => {
    await using endpoint = await startEndpoint(({ body }, response) => {
      const odd = "a\u0000b\ud83d c \\u0000";
      const content = body.messages[0].content === "odd" ? odd : "fine";
      json(response, { messages: [{ content }], set_participant_data: { note: content } });
    });
    await using app = await startTestApp({
      agents: { agent: { bot: { type: "webhook", url: endpoint.url, secret: SECRET } } },
      channels: { api: { kind: "api", agent: "agent" } },
    });
    await using talk = converse(app);
    const [odd, fine] = await Promise.all([
      talk.say("odd", { user: "ada" }),
      talk.say("fine", { user: "grace" }),
    ]);
    expect(odd.replies).toMatchObject([{ content: "a\ufffdb\ufffd c \\u0000" }]);
    expect(fine.replies).toMatchObject([{ content: "fine" }]);
  });
});
