import type { InlineKeyboardMarkup } from "grammy/types";
import { TelegramServer } from "telegram-test-api/lib/telegramServer.js";
import { expect, test } from "vitest";
import { startTestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/redis.ts";

// Tests the whole application with a Bot API server of other authors. It does not share our reading of the
// documentation. It is small (no secret header, no limits), so other tests prove strictness.

const TOKEN = "4242:test-api-token";

async function startTestApi() {
  const server = new TelegramServer({ port: await freePort(), host: "127.0.0.1" });
  await server.start();
  const client = (id: number) =>
    server.getClient(TOKEN, { userId: id, chatId: id, firstName: `User ${id}`, type: "private" });
  return {
    url: server.config.apiURL,
    client,
    group: (id: number) =>
      server.getClient(TOKEN, { userId: 31, chatId: id, firstName: "Ada", type: "group" }),
    /** The texts that the bot has written into a chat so far. */
    answers: (id: number) =>
      server.storage.botMessages
        .filter(({ message }) => Number(message.chat_id) === id)
        .map(({ message }) => message.text),
    /** The messages as the bot sent and later edited them. */
    messages: (id: number) =>
      server.storage.botMessages.filter(({ message }) => Number(message.chat_id) === id),
    [Symbol.asyncDispose]: () => server.stop().then(() => undefined),
  };
}

test("two people in private chats on telegram-test-api get each answer once and in order, also after a reset", async () => {
  await using api = await startTestApi();
  await using app = await startTestApp({
    channels: {
      telegram: { kind: "telegram", agent: "echo", token: TOKEN, mode: "polling", apiRoot: api.url },
    },
  });
  const [ada, bob] = [api.client(31), api.client(32)];
  for (const text of ["one", "two"]) {
    await ada.sendMessage(ada.makeMessage(text));
    await bob.sendMessage(bob.makeMessage(text));
  }
  await ada.sendCommand(ada.makeCommand("/reset"));
  await ada.sendMessage(ada.makeMessage("three"));

  await eventually(() => {
    expect(api.answers(31)).toEqual([
      "You said: one",
      "You said: two",
      "Conversation reset.",
      "You said: three",
    ]);
    expect(api.answers(32)).toEqual(["You said: one", "You said: two"]);
  });
  await eventually(async () => {
    const { body } = await app.api("GET", "/deliveries?channel=telegram&status=sent");
    expect(body.meta.total).toBe(6);
  });
  expect(app.log.filter(({ level }) => level === "error")).toEqual([]);
});

test("an answer to a group grows in one message on telegram-test-api", async () => {
  await using api = await startTestApi();
  const say = Array.from({ length: 10 }, (_, n) => `word${n}`).join(" ");
  await using app = await startTestApp({
    agents: { slow: { bot: { type: "script", sequence: [{ say, wordDelayMs: 100 }] } } },
    channels: {
      telegram: {
        kind: "telegram",
        agent: "slow",
        token: TOKEN,
        mode: "polling",
        apiRoot: api.url,
        streaming: true,
      },
    },
  });
  const group = api.group(-41);
  await group.sendCommand(group.makeCommand("/start"));
  await eventually(
    () => {
      expect(api.answers(-41)).toEqual([expect.stringMatching(/^word0.*\d$/)]);
      expect(api.answers(-41)).not.toEqual([say]);
    },
    { timeoutMs: 10_000, intervalMs: 5 },
  );
  await eventually(() => expect(api.answers(-41)).toEqual([say]));
  await eventually(async () => {
    const { body } = await app.api("GET", "/deliveries?channel=telegram&status=sent");
    expect(body.meta.total).toBe(1);
  });
});

test("a button press on telegram-test-api is answered, and marked on its message", async () => {
  await using api = await startTestApi();
  const buttons = [{ label: "Yes", payload: "confirm:7" }, { label: "No" }];
  const bot = {
    type: "script",
    replies: [{ match: "confirm:7", say: "Booked." }],
    sequence: [{ say: "Shall I book it?", buttons }],
  };
  await using _app = await startTestApp({
    agents: { asker: { bot } },
    channels: {
      telegram: { kind: "telegram", agent: "asker", token: TOKEN, mode: "polling", apiRoot: api.url },
    },
  });
  const ada = api.client(31);
  await ada.sendMessage(ada.makeMessage("hello"));
  const question = await eventually(() => {
    const [sent] = api.messages(31);
    if (!sent) throw new Error("nothing was sent");
    return sent;
  });
  const keyboard = () => (question.message.reply_markup as InlineKeyboardMarkup).inline_keyboard.flat();
  expect(keyboard().map(({ text }) => text)).toEqual(["Yes", "No"]);
  const [yes] = keyboard();
  const data = yes && "callback_data" in yes ? yes.callback_data : "";
  await ada.sendCallback(ada.makeCallbackQuery(data, { message: { message_id: question.messageId } }));
  await eventually(() => expect(api.answers(31)).toEqual(["Shall I book it?", "Booked."]));
  await eventually(() => expect(keyboard().map(({ text }) => text)).toEqual(["✓ Yes"]));
});
