import { text } from "node:stream/consumers";
import { Bot, InlineKeyboard, InputFile, webhookCallback } from "grammy";
import { describe, expect, it } from "vitest";
import { chatsFromStart } from "../../src/simulator/telegram/chats.ts";
import { eventually } from "../support/eventually.ts";
import { startLoopbackServer } from "../support/loopback-server.ts";
import { startSimulator, type TestSimulator } from "../support/simulator.ts";

/** A typical grammY bot. */
function echoBot({ settings }: TestSimulator): Bot {
  const { TELEGRAM_BOT_TOKEN: token = "", TELEGRAM_API_ROOT: apiRoot = "" } = settings;
  const bot = new Bot(token, { client: { apiRoot } });
  bot.command("start", (context) =>
    context.reply("<b>Welcome</b> &amp; hello", {
      parse_mode: "HTML",
      reply_markup: new InlineKeyboard().text("Yes", "answer:yes"),
    }),
  );
  bot.callbackQuery("answer:yes", async (context) => {
    await context.answerCallbackQuery();
    await context.editMessageText("You pressed yes");
  });
  bot.on("edited_message:text", (context) => context.reply(`You meant: ${context.editedMessage.text}`));
  bot.on("message:text", (context) => context.reply(`You said: ${context.message.text}`));
  return bot;
}

/** The texts of a chat as its user sees them. */
async function seen(simulator: TestSimulator, chat: string): Promise<string[]> {
  const { body } = await simulator.control("GET", `/telegram/chats/${chat}`);
  return body.map((message: { from: string; text: string }) => `${message.from}: ${message.text}`);
}

const call = async (
  simulator: TestSimulator,
  method: string,
  payload: object,
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
): Promise<Record<string, any>> => {
  const { TELEGRAM_BOT_TOKEN: token, TELEGRAM_API_ROOT: root } = simulator.settings;
  const response = await fetch(`${root}/bot${token}/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(payload),
  });
  return { status: response.status, ...((await response.json()) as Record<string, unknown>) };
};

describe("simulated Telegram", () => {
  it("serves grammY's own bot by polling: commands, buttons and edits", async () => {
    await using simulator = await startSimulator("telegram");
    const bot = echoBot(simulator);
    const ended = bot.start();
    try {
      await simulator.control("POST", "/telegram/chats/777/messages", { text: "/start" });
      await eventually(async () => {
        const { body } = await simulator.control("GET", "/telegram/chats/777");
        expect(body[1]).toMatchObject({ from: "bot", text: "Welcome & hello", buttons: ["Yes"] });
      });
      const unknown = await simulator.control("POST", "/telegram/chats/777/press", { label: "No" });
      expect(unknown).toMatchObject({ status: 404, body: { error: { code: "button_not_found" } } });
      expect((await simulator.control("POST", "/telegram/chats/777/press", { label: "Yes" })).status).toBe(
        201,
      );
      await eventually(async () => {
        const { body } = await simulator.control("GET", "/telegram/chats/777");
        expect(body[1]).toMatchObject({ text: "You pressed yes", edited: true });
        expect(body[1].buttons).toBeUndefined();
      });
    } finally {
      await bot.stop();
      await ended.catch(() => undefined);
    }
  });

  it("serves grammY's own bot by webhook, with the secret that the bot gave", async () => {
    await using simulator = await startSimulator("telegram");
    const bot = echoBot(simulator);
    const handle = webhookCallback(bot, "http", { secretToken: "correct-secret" });
    const server = await startLoopbackServer(handle, (response) => response.writeHead(500).end());
    try {
      await bot.api.setWebhook(`${server.origin}/hook`, { secret_token: "correct-secret" });
      await simulator.control("POST", "/telegram/chats/ada/messages", { text: "by webhook" });
      await eventually(async () => {
        expect(await seen(simulator, "ada")).toEqual(["user: by webhook", "bot: You said: by webhook"]);
      });
      const edit = (message: string) =>
        simulator.control("POST", "/telegram/chats/ada/edit", { message, text: "rewritten" });
      expect(await edit("never said")).toMatchObject({ status: 404 });
      expect(await edit("by webhook")).toMatchObject({ status: 201, body: { edited: true } });
      await eventually(async () =>
        expect(await seen(simulator, "ada")).toEqual([
          "user: rewritten",
          "bot: You said: by webhook",
          "bot: You meant: rewritten",
        ]),
      );
      const { body: log } = await simulator.control("GET", "/log");
      const event = log.find((entry: { direction: string }) => entry.direction === "event");
      expect(event.request.headers["x-telegram-bot-api-secret-token"]).toBe("correct-secret");
      expect(event.answer.status).toBe(200);
      await expect(bot.api.getUpdates()).rejects.toMatchObject({ error_code: 409 });
    } finally {
      await server.close();
    }
  });

  it("repeats an update until the webhook takes it, and keeps the chat's order", async () => {
    await using simulator = await startSimulator("telegram");
    const taken: string[] = [];
    let failures = 2;
    const server = await startLoopbackServer(
      async (request, response) => {
        const update = JSON.parse(await text(request));
        if (failures-- > 0) return response.writeHead(500).end();
        taken.push(update.message.text);
        response.end();
      },
      (response) => response.end(),
    );
    await call(simulator, "setWebhook", { url: server.origin });
    for (const words of ["one", "two"])
      await simulator.control("POST", "/telegram/chats/5/messages", { text: words });
    await eventually(() => expect(taken).toEqual(["one", "two"]));
    await server.close();
  });

  it("returns Telegram's error texts for wrong calls", async () => {
    await using simulator = await startSimulator("telegram");
    const { body: said } = await simulator.control("POST", "/telegram/chats/5/messages", { text: "hi" });
    const refusals: [string, object, number, string][] = [
      ["sendMessage", { chat_id: 6, text: "first" }, 400, "chat not found"],
      ["sendMessage", { chat_id: 5, text: " " }, 400, "message text is empty"],
      ["sendMessage", { chat_id: 5, text: "x".repeat(4097) }, 400, "message is too long"],
      [
        "sendMessage",
        { chat_id: 5, text: "a.b", parse_mode: "MarkdownV2" },
        400,
        "Character '.' is reserved",
      ],
      [
        "sendMessage",
        { chat_id: 5, text: "*a", parse_mode: "MarkdownV2" },
        400,
        "Can't find end of Bold entity",
      ],
      ["sendMessage", { chat_id: 5, text: "<b>a", parse_mode: "HTML" }, 400, "Can't find end tag"],
      [
        "sendMessage",
        { chat_id: 5, text: "👋", entities: [{ type: "bold", offset: 1, length: 1 }] },
        400,
        "surrogate",
      ],
      [
        "sendMessage",
        { chat_id: 5, text: "a", entities: [{ type: "bold", offset: 0, length: 2 }] },
        400,
        "outside",
      ],
      ["sendMessage", { chat_id: 5, text: "a", message_thread_id: 9 }, 400, "message thread not found"],
      [
        "sendMessage",
        { chat_id: 5, text: "a", reply_to_message_id: 99 },
        400,
        "message to be replied not found",
      ],
      [
        "sendMessage",
        {
          chat_id: 5,
          text: "a",
          reply_markup: { inline_keyboard: [[{ text: "a", callback_data: "x".repeat(65) }]] },
        },
        400,
        "BUTTON_DATA_INVALID",
      ],
      [
        "editMessageText",
        { chat_id: 5, message_id: Number(said.id), text: "a" },
        400,
        "message can't be edited",
      ],
      ["sendMessageDraft", { chat_id: 5, draft_id: 0, text: "a" }, 400, "draft_id"],
      ["answerCallbackQuery", { callback_query_id: "1" }, 400, "query is too old"],
      ["setWebhook", { url: "http://example.org/hook" }, 400, "An HTTPS URL must be provided"],
      ["dance", {}, 404, "method not found"],
      [
        "sendMessage",
        { chat_id: 5, text: "a", business_connection_id: "none" },
        400,
        "business connection not found",
      ],
    ];
    for (const [method, payload, status, words] of refusals) {
      const answer = await call(simulator, method, payload);
      expect(answer, method).toMatchObject({ status, ok: false, error_code: status });
      expect(answer.description).toContain(words);
    }
    const unauthorized = await fetch(`${simulator.settings.TELEGRAM_API_ROOT}/bot1:wrong/getMe`);
    expect(unauthorized.status).toBe(401);
    const longAfterEntities = `<b>${"x".repeat(4096)}</b>`;
    expect(
      await call(simulator, "sendMessage", { chat_id: 5, text: longAfterEntities, parse_mode: "HTML" }),
    ).toMatchObject({
      ok: true,
    });
  });

  it("keeps topics, replies, drafts, typing and files as the user sees them", async () => {
    await using simulator = await startSimulator("telegram");
    const { body: first } = await simulator.control("POST", "/telegram/chats/-100/messages", {
      text: "hi",
      from: "Bela",
    });
    expect(first).toMatchObject({ from: "user", name: "Bela" });
    const topic = await call(simulator, "createForumTopic", { chat_id: -100, name: "Help" });
    const { message_thread_id: thread } = topic.result as { message_thread_id: number };
    await call(simulator, "sendMessage", { chat_id: -100, text: "here", message_thread_id: thread });
    await call(simulator, "closeForumTopic", { chat_id: -100, message_thread_id: thread });
    expect(
      await call(simulator, "sendMessage", { chat_id: -100, text: "b", message_thread_id: thread }),
    ).toMatchObject({
      description: "Bad Request: TOPIC_CLOSED",
    });
    const { body: group } = await simulator.control("GET", "/telegram/chats/-100");
    expect(group.at(-1)).toMatchObject({ text: "here", thread: String(thread) });

    await simulator.control("POST", "/telegram/chats/5/messages", {
      text: "look",
      file: { name: "a.txt", content_type: "text/plain", data: Buffer.from("content").toString("base64") },
    });
    await call(simulator, "sendChatAction", { chat_id: 5, action: "typing" });
    await call(simulator, "sendMessageDraft", { chat_id: 5, draft_id: 7, text: "unfinished" });
    const { body: chats } = await simulator.control("GET", "/telegram/chats");
    expect(chats.at(-1)).toMatchObject({ typing: "typing…", draft: "unfinished" });
    const updates = await call(simulator, "getUpdates", { offset: -1 });
    const [{ message }] = updates.result as [{ message: { document: { file_id: string } } }];
    const file = await call(simulator, "getFile", { file_id: message.document.file_id });
    const { file_path: path } = file.result as { file_path: string };
    const { TELEGRAM_BOT_TOKEN: token, TELEGRAM_API_ROOT: root } = simulator.settings;
    expect(await (await fetch(`${root}/file/bot${token}/${path}`)).text()).toBe("content");

    // Bots upload without a type. Telegram detects it, so that a phone can play the file.
    await echoBot(simulator).api.sendVoice(5, new InputFile(Buffer.from("OggS"), "voice.ogg"));
    const { body: heard } = await simulator.control("GET", "/telegram/chats/5");
    expect(heard.at(-1).file).toMatchObject({ content_type: "audio/ogg" });
  });

  it("lets a bot answer for a business account: while it is connected, with the right, and for 24 hours", async () => {
    await using simulator = await startSimulator("telegram");
    const { control } = simulator;
    const send = (business_connection_id: string) =>
      call(simulator, "sendMessage", { chat_id: 5, text: "Hello!", business_connection_id });
    const said = await control("POST", "/telegram/chats/5@shop/messages", { text: "Open?" });
    expect(said).toMatchObject({ status: 201, body: { from: "user", text: "Open?" } });
    const { result: updates } = await call(simulator, "getUpdates", {});
    expect(updates).toMatchObject([
      {
        business_connection: { user: { first_name: "shop" }, is_enabled: true, rights: { can_reply: true } },
      },
      { business_message: { from: { id: 5 }, chat: { id: 5, type: "private" }, text: "Open?" } },
    ]);
    const { id } = updates[0].business_connection;
    expect(updates[1].business_message.business_connection_id).toBe(id);
    expect(await send(id)).toMatchObject({
      result: { from: { first_name: "shop" }, sender_business_bot: { is_bot: true } },
    });
    expect(await seen(simulator, "5@shop")).toEqual(["user: Open?", "bot: Hello!"]);
    expect((await control("GET", "/telegram/chats")).body).toMatchObject([
      { id: expect.stringMatching(/^5@\d+$/), owner: { name: "shop" } },
    ]);
    const react = await control("POST", "/telegram/chats/5@shop/react", { message: "Hello!", emoji: "👍" });
    expect(react).toMatchObject({ status: 409, body: { error: { code: "not_told" } } });

    await control("POST", "/clock", { forward_seconds: 25 * 3600 });
    expect(await send(id)).toMatchObject({ description: "Bad Request: BUSINESS_PEER_INVALID" });
    await control("POST", "/telegram/business/shop", { connected: false });
    expect(await send(id)).toMatchObject({ description: "Bad Request: BUSINESS_CONNECTION_INVALID" });
    // The bot does not hear words that are written there now.
    await control("POST", "/telegram/chats/5@shop/messages", { text: "Still open?" });
    const { result: last } = await call(simulator, "getUpdates", { offset: -1 });
    expect(last).toMatchObject([{ business_connection: { is_enabled: false } }]);
  });

  it("produces each fault as the real service would", async () => {
    await using simulator = await startSimulator("telegram");
    const fault = (body: object) => simulator.control("POST", "/faults", { platform: "telegram", ...body });
    await simulator.control("POST", "/telegram/chats/5/messages", { text: "hi" });
    const send = (words: string) => call(simulator, "sendMessage", { chat_id: 5, text: words });
    await fault({ fault: "rate_limit", times: 1, seconds: 7 });
    expect(await call(simulator, "getMe", {})).toMatchObject({ ok: true });
    expect(await send("a")).toMatchObject({ error_code: 429, parameters: { retry_after: 7 } });
    await fault({ fault: "error_500" });
    expect(await send("b")).toMatchObject({ error_code: 500 });
    await fault({ fault: "cut" });
    await expect(send("c")).rejects.toThrow();
    expect(await seen(simulator, "5")).toEqual(["user: hi", "bot: c"]);
    await fault({ fault: "block_user" });
    expect(await send("d")).toMatchObject({
      error_code: 403,
      description: "Forbidden: bot was blocked by the user",
    });
    expect((await simulator.control("DELETE", "/faults")).body).toEqual([]);
    expect(await send("e")).toMatchObject({ ok: true });

    const { result: before } = await call(simulator, "getUpdates", {});
    await fault({ fault: "duplicate" });
    await fault({ fault: "reorder" });
    for (const words of ["1", "2"])
      await simulator.control("POST", "/telegram/chats/5/messages", { text: words });
    await eventually(async () => {
      const updates = await call(simulator, "getUpdates", { offset: before.at(-1).update_id + 1 });
      const texts = (updates.result as { message: { text: string } }[]).map(({ message }) => message.text);
      expect(texts.sort()).toEqual(["1", "2", "2"]);
    });
  });
});

it("shows the groups of a bot before anybody writes, but not the people", () => {
  expect(chatsFromStart(["-1001234", "4711", "-100987:17"])).toEqual(["-1001234", "-100987:17"]);
});
