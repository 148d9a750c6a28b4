import { createEmulator } from "emulate";
import { TelegramServer } from "telegram-test-api/lib/telegramServer.js";
import { expect, test } from "vitest";
import { freePort } from "../support/redis.ts";
import { startSimulator } from "../support/simulator.ts";

// Servers of other authors do not share our reading of the documentation. Where they know a request too, the simulator
// answers it as they do. `docs/simulator.md` explains the differences that stand here.

interface Answer {
  status: number;
  body: unknown;
}

/** The places at which their answer has something that ours has not, or has in another form. */
function lacks(theirs: unknown, ours: unknown, path = ""): string[] {
  if (Array.isArray(theirs) && Array.isArray(ours))
    return theirs.length > 0 && ours.length > 0 ? lacks(theirs[0], ours[0], `${path}[]`) : [];
  if (typeof theirs !== "object" || theirs === null || Array.isArray(theirs))
    return theirs === null || typeof theirs === typeof ours ? [] : [`${path}: ${typeof theirs}`];
  const fields = Object(ours) as Record<string, unknown>;
  return Object.entries(theirs).flatMap(([name, value]) => {
    const at = path === "" ? name : `${path}.${name}`;
    return name in fields ? lacks(value, fields[name], at) : [at];
  });
}

/** Success, or the code of the refusal: what decides about the next step of a client. */
function outcomeOf({ status, body }: Answer): string {
  const { ok, error, code, error_code } = Object(body) as Record<string, unknown>;
  return [status, ok, error, code, error_code]
    .filter((each) => each !== undefined && each !== null)
    .join(" ");
}

/** Makes a request to both, and lists the differences. */
async function compare(
  differences: Record<string, string[]>,
  name: string,
  [theirs, ours]: readonly [Promise<Answer>, Promise<Answer>],
): Promise<{ theirs: Answer; ours: Answer }> {
  const both = { theirs: await theirs, ours: await ours };
  const [outcome, our] = [outcomeOf(both.theirs), outcomeOf(both.ours)];
  const found = outcome === our ? lacks(both.theirs.body, both.ours.body) : [`${outcome}, not ${our}`];
  if (found.length > 0) differences[name] = found;
  return both;
}

async function post(url: string, form: Record<string, string>, authorization?: string): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    headers: authorization === undefined ? {} : { authorization },
    body: new URLSearchParams(form),
  });
  const text = await response.text();
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : text };
}

test("Telegram's methods answer as those of telegram-test-api", async () => {
  const server = new TelegramServer({ port: await freePort(), host: "127.0.0.1" });
  await server.start();
  await using simulator = await startSimulator("telegram");
  try {
    const token = simulator.settings.TELEGRAM_BOT_TOKEN ?? "";
    const roots = [server.config.apiURL, simulator.settings.TELEGRAM_API_ROOT];
    const call = (method: string, forms: Record<string, string> | Record<string, string>[]) =>
      roots.map((root, index) =>
        post(`${root}/bot${token}/${method}`, Array.isArray(forms) ? (forms[index] ?? {}) : forms),
      ) as unknown as readonly [Promise<Answer>, Promise<Answer>];
    const client = server.getClient(token, { userId: 31, chatId: 31, firstName: "Ada", type: "private" });
    await client.sendMessage(client.makeMessage("hello"));
    await simulator.control("POST", "/telegram/chats/31/messages", { text: "hello" });
    const differences: Record<string, string[]> = {};
    await compare(differences, "getMe", call("getMe", {}));
    await compare(differences, "getUpdates", call("getUpdates", {}));
    const markup = JSON.stringify({ inline_keyboard: [[{ text: "Yes", callback_data: "yes" }]] });
    const sent = await compare(
      differences,
      "sendMessage",
      call("sendMessage", { chat_id: "31", text: "hi", reply_markup: markup }),
    );
    const ids = [sent.theirs, sent.ours].map(({ body }) => {
      const { result } = body as { result: { message_id: number } };
      return { chat_id: "31", message_id: String(result.message_id) };
    });
    const with_ = (more: Record<string, string>) => ids.map((each) => ({ ...each, ...more }));
    await compare(differences, "editMessageText", call("editMessageText", with_({ text: "ho" })));
    await compare(
      differences,
      "editMessageReplyMarkup",
      call("editMessageReplyMarkup", with_({ reply_markup: markup })),
    );
    await compare(differences, "deleteMessage", call("deleteMessage", ids));
    await compare(differences, "setWebhook", call("setWebhook", { url: "https://chat.example.org/hook" }));
    await compare(differences, "deleteWebhook", call("deleteWebhook", {}));
    await compare(differences, "an unknown method", call("dance", {}));
    expect(differences).toEqual({
      getUpdates: [
        "result[].message.from.username",
        "result[].message.chat.title",
        "result[].message.chat.username",
        "result[].message.botToken",
      ],
      sendMessage: ["result.chat_id"],
      "an unknown method": ["500, not 404 false 404"],
    });
  } finally {
    await server.stop();
  }
});

test("Slack's methods answer as those of emulate", async () => {
  const port = await freePort();
  await using simulator = await startSimulator("slack");
  const token = simulator.settings.SLACK_BOT_TOKEN ?? "";
  const emulator = await createEmulator({
    service: "slack",
    port,
    baseUrl: `http://127.0.0.1:${port}`,
    seed: {
      slack: {
        team: { name: "Emulated", domain: "emulated" },
        users: ["ada", "bela"].map((name) => ({ name, real_name: name })),
        channels: [{ name: "general" }],
        bots: [{ name: "causeway" }],
        tokens: [{ token, type: "bot", user: "bela", scopes: ["chat:write", "users:read", "im:write"] }],
      },
    },
  });
  try {
    const roots = [`${emulator.url}/api/`, simulator.settings.SLACK_API_URL ?? ""];
    const call = (method: string, forms: Record<string, string> | Record<string, string>[], as = token) =>
      roots.map((root, index) =>
        post(root + method, Array.isArray(forms) ? (forms[index] ?? {}) : forms, `Bearer ${as}`),
      ) as unknown as readonly [Promise<Answer>, Promise<Answer>];
    await simulator.control("POST", "/slack/chats/general/messages", { text: "hello", from: "ada" });
    const differences: Record<string, string[]> = {};
    await compare(differences, "auth.test", call("auth.test", {}));
    await compare(differences, "a wrong token", call("auth.test", {}, "xoxb-wrong"));
    const ada = (await Promise.all(call("users.list", {}))).map(({ body }) => {
      const { members } = body as { members: { id: string; name: string }[] };
      return { user: members.find(({ name }) => name === "ada")?.id ?? "" };
    });
    await compare(differences, "users.info", call("users.info", ada));
    await compare(differences, "users.info of nobody", call("users.info", { user: "U0NOBODY01" }));
    const general = [
      {
        channel:
          (
            (await (await call("conversations.list", {}))[0]).body as {
              channels: { id: string; name: string }[];
            }
          ).channels.find(({ name }) => name === "general")?.id ?? "",
      },
      { channel: (await simulator.control("GET", "/slack/chats")).body[0].id },
    ];
    await compare(differences, "conversations.info", call("conversations.info", general));
    await compare(
      differences,
      "conversations.open",
      call(
        "conversations.open",
        ada.map(({ user }) => ({ users: user })),
      ),
    );
    const say = (more: Record<string, string>) => general.map((each) => ({ ...each, ...more }));
    const sent = await compare(
      differences,
      "chat.postMessage",
      call("chat.postMessage", say({ text: "hi" })),
    );
    const messages = [sent.theirs, sent.ours].map(({ body }, index) => ({
      ...general[index],
      ts: (body as { ts: string }).ts,
    })) as { channel: string; ts: string }[];
    const withTs = (more: Record<string, string>) => messages.map((each) => ({ ...each, ...more }));
    await compare(
      differences,
      "chat.postMessage nowhere",
      call("chat.postMessage", { channel: "C0NOBODY01", text: "hi" }),
    );
    await compare(differences, "chat.postMessage of nothing", call("chat.postMessage", general));
    await compare(differences, "chat.update", call("chat.update", withTs({ text: "ho" })));
    await compare(
      differences,
      "chat.update of nothing",
      call("chat.update", say({ ts: "1.000001", text: "ho" })),
    );
    await compare(differences, "conversations.history", call("conversations.history", general));
    await compare(differences, "conversations.replies", call("conversations.replies", messages));
    await compare(differences, "chat.delete", call("chat.delete", messages));
    await compare(
      differences,
      "files.getUploadURLExternal",
      call("files.getUploadURLExternal", { filename: "a.txt", length: "1" }),
    );
    expect(differences).toEqual({
      "a wrong token": ["200 true, not 200 false invalid_auth"],
      "users.info": [
        "user.profile.skype",
        "user.profile.email",
        "user.profile.image_48",
        "user.profile.image_192",
        "user.profile.status_emoji_display_info",
        "user.profile.huddle_state",
        "user.profile.huddle_state_expiration_ts",
      ],
      "conversations.info": ["channel.is_open", "channel.last_read"],
    });
  } finally {
    await emulator.close();
  }
});

test("Twilio's calls answer as those of emulate", async () => {
  const port = await freePort();
  await using simulator = await startSimulator("whatsapp");
  const { TWILIO_ACCOUNT_SID: sid = "", TWILIO_AUTH_TOKEN: authToken = "" } = simulator.settings;
  const From = simulator.settings.TWILIO_WHATSAPP_FROM ?? "whatsapp:+14155238886";
  const emulator = await createEmulator({
    service: "twilio",
    port,
    baseUrl: `http://127.0.0.1:${port}`,
    seed: { twilio: { account: { sid, auth_token: authToken }, phone_numbers: [{ phone_number: From }] } },
  });
  try {
    const roots = [emulator.url, simulator.settings.TWILIO_API_BASE_URL ?? ""];
    const basic = (token: string) => `Basic ${Buffer.from(`${sid}:${token}`).toString("base64")}`;
    const account = `/2010-04-01/Accounts/${sid}`;
    const create = (form: Record<string, string>, token = authToken) =>
      roots.map((root) =>
        post(`${root}${account}/Messages.json`, form, basic(token)),
      ) as unknown as readonly [Promise<Answer>, Promise<Answer>];
    const read = (paths: string[]) =>
      roots.map(async (root, index) => {
        const response = await fetch(`${root}${account}${paths[index] ?? paths[0]}`, {
          headers: { authorization: basic(authToken) },
        });
        return { status: response.status, body: await response.json() };
      }) as unknown as readonly [Promise<Answer>, Promise<Answer>];
    await simulator.control("POST", "/whatsapp/chats/491700000001/messages", { text: "hello" });
    const To = "whatsapp:+491700000001";
    const differences: Record<string, string[]> = {};
    await compare(differences, "the account", read([".json"]));
    const sent = await compare(differences, "a message", create({ From, To, Body: "hi" }));
    const one = [sent.theirs, sent.ours].map(({ body }) => `/Messages/${(body as { sid: string }).sid}.json`);
    await compare(differences, "a message again", read(one));
    await compare(differences, "the messages", read([`/Messages.json?To=${encodeURIComponent(To)}`]));
    await compare(differences, "no such message", read([`/Messages/SM${"0".repeat(32)}.json`]));
    await compare(differences, "a wrong token", create({ From, To, Body: "hi" }, "wrong"));
    await compare(differences, "no sender", create({ To, Body: "hi" }));
    await compare(differences, "no receiver", create({ From, Body: "hi" }));
    await compare(differences, "no text", create({ From, To }));
    await compare(differences, "another's sender", create({ From: "whatsapp:+15550000000", To, Body: "hi" }));
    expect(differences).toEqual({
      "the account": expect.arrayContaining(["subresource_uris.calls"]),
      "a message": ["price_unit: string", "subresource_uris.feedback"],
      "a message again": ["price_unit: string", "subresource_uris.feedback"],
      "the messages": ["messages[].price_unit: string", "messages[].subresource_uris.feedback"],
      "no receiver": ["400 21201, not 400 21604"],
      "no text": ["201, not 400 21602"],
      "another's sender": ["400 21606, not 400 63007"],
    });
  } finally {
    await emulator.close();
  }
});
