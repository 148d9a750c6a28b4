import { TelegramServer } from "telegram-test-api/lib/telegramServer.js";
import { describe, expect, test } from "vitest";
import { definition as slack } from "../../src/channels/slack/index.ts";
import { definition as sms } from "../../src/channels/sms/index.ts";
import { definition as sureadhere } from "../../src/channels/sureadhere/index.ts";
import { definition as telegram } from "../../src/channels/telegram/index.ts";
import { definition as web } from "../../src/channels/web/index.ts";
import { definition as whatsapp } from "../../src/channels/whatsapp/index.ts";
import { startFakeSlack } from "../support/fake-slack.ts";
import { startFakeSureadhere } from "../support/fake-sureadhere.ts";
import { freePort } from "../support/redis.ts";
import { type ScriptedMeta, startScriptedMeta } from "../support/scripted-meta.ts";
import { startScriptedTelegram } from "../support/scripted-telegram.ts";
import { type ScriptedTwilio, startScriptedTwilio } from "../support/scripted-twilio.ts";
import { createSubjectTools } from "./conformance-subject.ts";
import { diagnosis, LOOPBACK, PUBLIC } from "./diagnose.ts";
import { slackChannel } from "./slack-subject.ts";
import { FROM, RCS } from "./sms-subject.ts";
import { sureadhereChannel, sureadhereKeys, WEBHOOK_SECRET } from "./sureadhere-subject.ts";
import { SECRET_TOKEN, telegramChannel } from "./telegram-subject.ts";
import { metaChannel } from "./whatsapp-meta-subject.ts";
import { whatsappChannel } from "./whatsapp-subject.ts";

const broken = (lines: string[]) => lines.filter((line) => line.startsWith("error"));

describe("a diagnosis of Telegram", () => {
  const configOfBot = (fake: { url: string; token: string }, more = {}) => ({
    token: fake.token,
    secretToken: SECRET_TOKEN,
    apiRoot: fake.url,
    ...more,
  });

  test("finds no error after the service has registered its webhook", async () => {
    await using fake = await startScriptedTelegram();
    fake.tell("getMe", { id: 4242, is_bot: true, first_name: "Causeway", username: fake.username });
    const channel = telegramChannel(fake, { publicUrl: PUBLIC });
    await channel.start?.(createSubjectTools().startContext());
    const lines = await diagnosis(telegram, configOfBot(fake), channel);
    await channel.stop?.();
    expect(broken(lines)).toEqual([]);
    expect(lines).toContain(`ok token: The token is that of @${fake.username}.`);
    expect(lines).toContain("ok: Telegram posts to https://chat.example.org/webhooks/telegram.");
    expect(lines).toContain("ok secretToken: The running service has this secret.");
    expect(lines.join("\n")).toMatch(/warning: Privacy mode is on.*-> .*setprivacy/);
  });

  test("reports a webhook elsewhere, missing kinds of updates, failed posts and waiting updates", async () => {
    await using fake = await startScriptedTelegram();
    const running = telegramChannel(fake, { config: { secretToken: "another-secret" } });
    expect(broken(await diagnosis(telegram, configOfBot(fake))).join("\n")).toMatch(
      /Telegram has no webhook/,
    );
    const set = (url: string, allowed_updates: string[]) =>
      fake.call("setWebhook", { url, secret_token: SECRET_TOKEN, allowed_updates });
    await set("https://elsewhere.example.org/hook", ["message"]);
    expect(broken(await diagnosis(telegram, configOfBot(fake))).join("\n")).toContain(
      "Telegram posts to https://elsewhere.example.org/hook, not to https://chat.example.org/webhooks/telegram",
    );
    await set("https://chat.example.org/webhooks/telegram", ["poll"]);
    fake.tell("getWebhookInfo", {
      url: "https://chat.example.org/webhooks/telegram",
      allowed_updates: ["poll"],
      pending_update_count: 4711,
      last_error_date: Math.floor(Date.now() / 1000) - 30,
      last_error_message: "SSL error {certificate verify failed}",
    });
    const lines = await diagnosis(telegram, configOfBot(fake), running);
    const text = lines.join("\n");
    expect(text).toMatch(/error: Telegram does not post message/);
    expect(text).toMatch(/error: Telegram could not post to us 3\d s ago: SSL error/);
    expect(text).toMatch(/warning: 4711 updates wait at Telegram/);
    expect(text).toMatch(/error secretToken: The running service answers 401/);
    expect(text).not.toContain(SECRET_TOKEN);
  });

  test("reports a refused token, an address without a server, and a wrong bot name", async () => {
    await using fake = await startScriptedTelegram();
    const wrongName = await diagnosis(
      telegram,
      configOfBot(fake, { mode: "polling", username: "other_bot" }),
    );
    expect(broken(wrongName).join("\n")).toContain(`error username: The bot is called @${fake.username}`);
    fake.revokeToken();
    const refused = await diagnosis(telegram, configOfBot(fake));
    expect(refused).toEqual([expect.stringMatching(/^error token: .*refused the token \(401\).*@BotFather/)]);
    expect(refused.join()).not.toContain(fake.token);
    await fake.close();
    expect(await diagnosis(telegram, configOfBot(fake))).toEqual([
      expect.stringMatching(/^error apiRoot: .*ECONNREFUSED/),
    ]);
  });

  test("needs no public address for polling or for a local server", async () => {
    await using fake = await startScriptedTelegram();
    const options = { publicUrl: LOOPBACK };
    // A server on this machine reaches us here, so only the webhook's registration is missing.
    const lines = await diagnosis(telegram, configOfBot(fake), null, options);
    expect(broken(lines)).toEqual([expect.stringMatching(/^error: Telegram has no webhook/)]);
    const polling = await diagnosis(telegram, configOfBot(fake, { mode: "polling" }), null, options);
    expect(broken(polling)).toEqual([]);
  });

  test("reports that another host uses the bot, unless the configuration takes it over", async () => {
    await using fake = await startScriptedTelegram();
    const url = `https://prod.example.org/${fake.token}`;
    await fake.call("setWebhook", { url, secret_token: "x" });
    const lines = broken(await diagnosis(telegram, configOfBot(fake, { mode: "polling" })));
    expect(lines).toEqual([
      expect.stringMatching(/^error mode: .*prod\.example\.org\/<token>.*"takeOver": true/),
    ]);
    const taking = await diagnosis(telegram, configOfBot(fake, { mode: "polling", takeOver: true }));
    expect(broken(taking)).toEqual([]);
    expect(taking.join("\n")).toMatch(/warning mode: A webhook is set .*removes it/);
  });

  test("warns if a server in place of Telegram does not show its webhook", async () => {
    const server = new TelegramServer({ port: await freePort(), host: "127.0.0.1" });
    await server.start();
    const config = { token: "4242:test-api-token", mode: "polling", apiRoot: server.config.apiURL };
    const lines = await diagnosis(telegram, config);
    await server.stop();
    expect(lines[0]).toBe("ok token: The token is that of @TestNameBot.");
    expect(lines.join("\n")).toMatch(/warning: Telegram does not show the address to which it posts updates/);
  });
});

describe("a diagnosis of Slack", () => {
  test("finds no error if tokens, scopes and signing secret are right", async () => {
    await using fake = await startFakeSlack();
    const { botToken, signingSecret, appToken, apiUrl } = fake;
    const channel = slackChannel(fake, { publicUrl: PUBLIC });
    const events = await diagnosis(slack, { botToken, signingSecret, apiUrl }, channel);
    expect(broken(events)).toEqual([]);
    expect(events).toContain("ok botToken: It has every scope it needs.");
    expect(events).toContain("ok signingSecret: The running service answers the challenge that Slack sends.");
    const socket = await diagnosis(slack, { botToken, appToken, mode: "socket", apiUrl }, null, {
      publicUrl: LOOPBACK,
    });
    expect(socket).toContain("ok appToken: Slack would open a socket.");
    expect(broken(socket)).toEqual([]);
    expect(fake.sockets()).toBe(0);
  });

  test("reports missing scopes, refused tokens and a running service with another secret", async () => {
    await using fake = await startFakeSlack();
    const { botToken, signingSecret, appToken, apiUrl } = fake;
    fake.scopes.splice(0, fake.scopes.length, "chat:write", "users:read");
    const running = slackChannel(fake, { config: { signingSecret: "another-secret-0123456789" } });
    const lines = broken(await diagnosis(slack, { botToken, signingSecret, apiUrl }, running));
    expect(lines).toEqual([
      expect.stringMatching(/^error botToken: The app lacks the scopes app_mentions:read, .* -> add them/),
      expect.stringMatching(/^error signingSecret: The running service answers 401/),
    ]);
    fake.revokeToken();
    const refused = broken(
      await diagnosis(slack, { botToken, appToken: `${appToken}x`, mode: "socket", apiUrl }),
    );
    expect(refused).toEqual([
      expect.stringMatching(/^error botToken: .*invalid_auth/),
      expect.stringMatching(/^error appToken: .*invalid_auth.* -> turn on Socket Mode/),
    ]);
    for (const secret of [botToken, appToken, signingSecret])
      expect([...lines, ...refused].join()).not.toContain(secret);
    await fake.close();
    expect(broken(await diagnosis(slack, { botToken, signingSecret, apiUrl }))[0]).toMatch(
      /^error apiUrl: .*ECONNREFUSED/,
    );
  });
});

describe("a diagnosis of WhatsApp through Twilio", () => {
  const configOfSender = ({ url, accountSid, authToken, from }: ScriptedTwilio) => ({
    provider: "twilio",
    accountSid,
    authToken,
    from,
    apiBaseUrl: url,
  });
  const sender = (fake: ScriptedTwilio, callback_url: string, status = "ONLINE") => {
    const webhook = { callback_url, callback_method: "POST" };
    fake.tell("Senders", { senders: [{ sid: "XE0", sender_id: fake.from, status, webhook }] });
  };

  test("finds no error if account, sender and signature are right", async () => {
    await using fake = await startScriptedTwilio();
    const channel = await whatsappChannel(fake, { publicUrl: PUBLIC });
    fake.tell("Senders", { senders: [] });
    const sandbox = await diagnosis(whatsapp, configOfSender(fake), channel);
    expect(sandbox.join("\n")).toMatch(/warning from: .* that of the sandbox never is\..*webhooks\/whatsapp/);
    sender(fake, "https://chat.example.org/webhooks/whatsapp");
    expect(await diagnosis(whatsapp, configOfSender(fake), channel)).toEqual([
      "ok authToken: Twilio takes the credentials.",
      `ok from: The sender ${fake.from} is online.`,
      "ok from: Twilio posts to https://chat.example.org/webhooks/whatsapp.",
      "ok authToken: The running service accepts requests that are signed with this token.",
    ]);
    await channel.stop?.();
  });

  test("reports refused credentials, a sender that posts elsewhere and a service with another token", async () => {
    await using fake = await startScriptedTwilio();
    sender(fake, "https://elsewhere.example.org/", "OFFLINE");
    const running = await whatsappChannel(fake, {
      publicUrl: PUBLIC,
      config: { authToken: "another0123456789" },
    });
    expect(broken(await diagnosis(whatsapp, configOfSender(fake), running))).toEqual([
      expect.stringMatching(/^error from: The sender .* is OFFLINE/),
      expect.stringMatching(
        /^error from: Twilio sends .* to https:\/\/elsewhere\.example\.org\/ \(POST\), not to/,
      ),
      expect.stringMatching(/^error authToken: The running service answers 401/),
    ]);
    fake.revokeToken();
    const refused = await diagnosis(whatsapp, configOfSender(fake));
    expect(refused).toEqual([expect.stringMatching(/^error authToken: Twilio refused the credentials/)]);
    expect(refused.join()).not.toContain(fake.authToken);
    // The token was replaced, and the new one is already there as the second.
    const secondaryAuthToken = "another";
    const both = { ...configOfSender(fake), secondaryAuthToken };
    const exchanged = await whatsappChannel(fake, { publicUrl: PUBLIC, config: { secondaryAuthToken } });
    sender(fake, "https://chat.example.org/webhooks/whatsapp");
    expect(await diagnosis(whatsapp, both, exchanged)).toEqual([
      expect.stringMatching(/^error authToken: Twilio refused the credentials/),
      "ok secondaryAuthToken: Twilio takes the credentials.",
      `ok from: The sender ${fake.from} is online.`,
      "ok from: Twilio posts to https://chat.example.org/webhooks/whatsapp.",
      "ok authToken: The running service accepts requests that are signed with this token.",
      "ok secondaryAuthToken: The running service accepts requests that are signed with this token.",
    ]);
    for (const channel of [running, exchanged]) await channel.stop?.();
  });
});

describe("a diagnosis of SMS", () => {
  const NUMBERS = "IncomingPhoneNumbers.json";
  const posting = (sms_url: string) => ({ incoming_phone_numbers: [{ sms_url, sms_method: "POST" }] });
  test("distinguishes a number that posts here, one that posts elsewhere, a missing one, and a refused list; also RCS", async () => {
    await using fake = await startScriptedTwilio({ from: FROM });
    const { accountSid, authToken, from, url: apiBaseUrl } = fake;
    const look = () =>
      diagnosis(sms, { accountSid, authToken, secondaryAuthToken: "wrong", from, apiBaseUrl });
    const [taken, wrong] = await look();
    expect(taken).toBe("ok authToken: Twilio takes the credentials.");
    expect(wrong).toMatch(/^error secondaryAuthToken: Twilio refused the credentials/);
    const lineOf = async () => (await look())[2];
    fake.tell(NUMBERS, { incoming_phone_numbers: [] });
    expect(await lineOf()).toMatch(/^warning from: \+14155238886 is not among the phone numbers/);
    fake.tell(NUMBERS, null);
    expect(await lineOf()).toMatch(/^warning from: Twilio does not tell what phone numbers/);
    fake.tell(NUMBERS, posting("https://elsewhere.example.org/"));
    expect(await lineOf()).toMatch(/^error from: Twilio sends messages .* to https:\/\/elsewhere/);
    fake.tell(NUMBERS, posting("https://chat.example.org/webhooks/sms"));
    expect(await lineOf()).toBe("ok from: Twilio posts to https://chat.example.org/webhooks/sms.");

    const withRcs = () => diagnosis(sms, { accountSid, authToken, from, apiBaseUrl, rcs: RCS });
    expect((await withRcs()).slice(2)).toEqual(
      [
        "warning rcs.sender: rcs:acme_agent is not among the account's RCS senders.",
        "warning rcs.messagingServiceSid: Twilio does not tell about the Messaging Service.",
      ].map((words) => expect.stringContaining(words)),
    );
    const webhook = { callback_url: "https://chat.example.org/webhooks/sms", callback_method: "POST" };
    fake.tell("Senders", { senders: [{ sender_id: RCS.sender, status: "ONLINE", webhook }] });
    fake.tell(RCS.messagingServiceSid, { use_inbound_webhook_on_number: false, inbound_request_url: null });
    const [, , ...found] = await withRcs();
    expect(found).toEqual([
      "ok rcs.sender: The sender rcs:acme_agent is online.",
      "ok rcs.sender: Twilio posts to https://chat.example.org/webhooks/sms.",
      expect.stringMatching(/^error rcs\.messagingServiceSid: Twilio sends .* to nowhere/),
    ]);
    fake.tell(RCS.messagingServiceSid, { use_inbound_webhook_on_number: true });
    expect((await withRcs()).at(-1)).toMatch(/^ok rcs\.messagingServiceSid: /);
  });
});

describe("a diagnosis of WhatsApp through Meta", () => {
  const configOfNumber = (fake: ScriptedMeta) => {
    const { phoneNumberId, accessToken, appSecret, verifyToken, url: apiBaseUrl } = fake;
    return { provider: "meta", phoneNumberId, accessToken, appSecret, verifyToken, apiBaseUrl };
  };
  const account = { scope: "whatsapp_business_management", target_ids: ["102290129340398"] };

  test("finds no error if token, subscription, webhook and signature are right", async () => {
    await using fake = await startScriptedMeta();
    const channel = await metaChannel(fake);
    const told = await diagnosis(whatsapp, configOfNumber(fake), channel);
    expect(broken(told)).toEqual([]);
    expect(told.filter((line) => line.startsWith("warning"))).toHaveLength(3);
    fake.tell(fake.phoneNumberId, {
      id: fake.phoneNumberId,
      display_phone_number: "+1 415-523-8886",
      webhook_configuration: { application: "https://chat.example.org/webhooks/whatsapp" },
    });
    const scopes = ["whatsapp_business_messaging"];
    fake.tell("debug_token", { data: { scopes, expires_at: 0, granular_scopes: [account] } });
    fake.tell("subscribed_apps", { data: [{ whatsapp_business_api_data: { id: "1" } }] });
    expect(await diagnosis(whatsapp, configOfNumber(fake), channel)).toEqual([
      "ok phoneNumberId: The number is +1 415-523-8886.",
      "ok accessToken: The token has whatsapp_business_messaging.",
      "ok: An app is subscribed to the business account.",
      "ok: Meta posts to https://chat.example.org/webhooks/whatsapp.",
      "ok appSecret: The running service accepts requests that are signed with this secret.",
    ]);
    await channel.stop?.();
  });

  test("reports a token without the permission, a missing subscription, and another secret", async () => {
    await using fake = await startScriptedMeta();
    const running = await metaChannel(fake, { config: { appSecret: "f".repeat(32) } });
    const application = "https://elsewhere.example.org/";
    fake.tell(fake.phoneNumberId, { id: fake.phoneNumberId, webhook_configuration: { application } });
    fake.tell("debug_token", { data: { scopes: ["business_management"], granular_scopes: [account] } });
    fake.tell("subscribed_apps", { data: [] });
    expect(broken(await diagnosis(whatsapp, configOfNumber(fake), running))).toEqual([
      expect.stringMatching(/^error accessToken: The token lacks whatsapp_business_messaging/),
      expect.stringMatching(/^error: No app is subscribed/),
      expect.stringMatching(/^error: Meta posts to https:\/\/elsewhere\.example\.org\/, not to/),
      expect.stringMatching(/^error appSecret: The running service answers 401/),
    ]);
    fake.revokeToken();
    const refused = await diagnosis(whatsapp, configOfNumber(fake));
    expect(refused).toEqual([expect.stringMatching(/^error accessToken: /)]);
    expect(refused.join()).not.toContain(fake.accessToken);
    await running.stop?.();
  });

  test("reports an app secret whose proof Meta refuses", async () => {
    await using fake = await startScriptedMeta();
    fake.resetAppSecret("f".repeat(32));
    const told = await diagnosis(whatsapp, configOfNumber(fake));
    expect(told).toEqual([expect.stringMatching(/^error appSecret: Meta refused the proof/)]);
  });
});

describe("a diagnosis of SureAdhere", () => {
  test("requests a token, and checks the webhook's secret at the running service", async () => {
    await using fake = await startFakeSureadhere();
    const channel = sureadhereChannel(fake);
    const good = await diagnosis(sureadhere, sureadhereKeys(fake), channel);
    expect(good).toEqual([
      "ok clientId: The authorization server gives a token.",
      "ok webhookSecret: The running service has this secret.",
    ]);
    fake.revokeClient();
    const other = { ...sureadhereKeys(fake), webhookSecret: "not that secret" };
    const bad = await diagnosis(sureadhere, other, channel);
    expect(bad).toEqual([
      expect.stringMatching(/^error clientSecret: There is no token: .*invalid_client/),
      expect.stringMatching(/^warning webhookSecret: .*15 characters.*openssl/),
      expect.stringMatching(/^error webhookSecret: The running service answers 401/),
    ]);
    expect(bad.join()).not.toContain(fake.clientSecret);
    expect(bad.join()).not.toContain(WEBHOOK_SECRET);
    await channel.stop?.();
  });
});

describe("a diagnosis of the web chat", () => {
  test("warns about sites without https and about an address that visitors cannot reach", async () => {
    const config = { allowedOrigins: ["http://shop.example.org", "https://example.org"] };
    const lines = await diagnosis(web, config, null, { publicUrl: LOOPBACK });
    expect(lines.filter((line) => line.startsWith("warning"))).toEqual([
      expect.stringMatching(/http:\/\/shop\.example\.org is not https/),
      expect.stringMatching(/CAUSEWAY_PUBLIC_URL/),
    ]);
    expect(broken(lines)).toEqual([]);
  });
});

describe("a diagnosis of a desk", () => {
  const signal = AbortSignal.timeout(10_000);
  const whats = async (looking: ReturnType<NonNullable<typeof slack.diagnoseDesk>> | undefined) =>
    (await looking)?.map(({ severity, what }) => `${severity}: ${what}`);

  test("in Slack reports whether the bot is in the channel", async () => {
    await using fake = await startFakeSlack();
    const { botToken, signingSecret, apiUrl } = fake;
    const config = slack.configSchema.parse({ botToken, signingSecret, apiUrl });
    const look = (conversation: string) => whats(slack.diagnoseDesk?.({ config, conversation, signal }));
    expect(await look("C0SUPPORT1")).toEqual(["error: The bot is not in this channel."]);
    fake.memberOf.add("C0SUPPORT1");
    expect(await look("C0SUPPORT1")).toEqual(["ok: The bot is in this channel and reads it."]);
    expect(await look("U0PERSON1")).toEqual([
      "error: Slack knows no such channel, or it is private and without the bot.",
    ]);
    expect(await look("#support")).toEqual(['error: "#support" is not the id of a Slack channel.']);
    fake.fail({ error: "invalid_auth" }, { method: "conversations.history" });
    expect((await look("C0SUPPORT1"))?.join()).toMatch(/^error: .*invalid_auth/);
  });

  test("on Telegram reports whether the group has topics, and whether the bot may open them", async () => {
    await using fake = await startScriptedTelegram({ chats: ["-1001"] });
    const config = telegram.configSchema.parse({ token: fake.token, mode: "polling", apiRoot: fake.url });
    const look = (conversation: string) => whats(telegram.diagnoseDesk?.({ config, conversation, signal }));
    expect((await look("-1002"))?.join()).toMatch(/^error: Telegram answered 400.*chat not found/);
    fake.tell("getChat", { id: -1001, type: "supergroup", title: "Group", is_forum: true });
    fake.tell("getChatMember", { status: "member", user: { id: 4242, is_bot: true } });
    expect(await look("-1001")).toEqual([
      "ok: The group has topics.",
      "error: The bot may not open topics in this group.",
    ]);
    const administrator = { status: "administrator", can_manage_topics: true };
    fake.tell("getChatMember", { ...administrator, user: { id: 4242, is_bot: true } });
    expect(await look("-1001")).toEqual([
      "ok: The group has topics.",
      "ok: The bot may open topics in this group.",
    ]);
    expect(await look("4711")).toEqual(['error: "4711" is not the id of a Telegram group.']);
  });
});
