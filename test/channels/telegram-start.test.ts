import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel, ChannelContext } from "../../src/channels/channel.ts";
import type { ChannelEvent } from "../../src/core/message/channel-event.ts";
import { eventually } from "../support/eventually.ts";
import { type FakeTelegram, startFakeTelegram } from "../support/fake-telegram.ts";
import { createSubjectTools } from "./conformance-subject.ts";
import { SECRET_TOKEN, telegramChannel, updateWith } from "./telegram-subject.ts";

const PUBLIC = { url: "https://bots.example.org", isPublic: true };

let fake: FakeTelegram;
let channel: Channel | null;
let tools: ReturnType<typeof createSubjectTools>;

beforeEach(async () => {
  fake = await startFakeTelegram();
  tools = createSubjectTools();
  channel = null;
});
afterEach(async () => {
  await channel?.stop?.();
  await fake.close();
});

const methods = () => fake.calls.map(({ method }) => method);

describe("a webhook channel that starts", () => {
  test("registers its webhook with the secret, and its commands", async () => {
    channel = telegramChannel(fake, { publicUrl: PUBLIC, log: tools.log });
    const context = tools.startContext();
    await channel.start?.(context);
    expect(fake.webhook).toEqual({
      url: "https://bots.example.org/webhooks/telegram",
      secretToken: SECRET_TOKEN,
      allowedUpdates: [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
        "message_reaction",
        "stopped_message_generation",
        "business_connection",
        "business_message",
        "edited_business_message",
      ],
    });
    const commands = fake.calls.find(({ method }) => method === "setMyCommands")?.payload.commands;
    expect(commands).toMatchObject([{ command: "start" }, { command: "reset" }]);
    expect(context.errors).toEqual([]);
    expect(tools.show(tools.logged())).toContain("telegram connected");
  });

  test("names the previous host of the bot, without the token in the address", async () => {
    const url = `https://old.example.org/bot${fake.token}`;
    fake.webhook = { url, secretToken: "x", allowedUpdates: undefined };
    channel = telegramChannel(fake, { publicUrl: PUBLIC, log: tools.log });
    await channel.start?.(tools.startContext());
    expect(fake.webhook.url).toBe("https://bots.example.org/webhooks/telegram");
    expect(tools.show(tools.logged())).toContain("https://old.example.org/bot<token>");
  });

  test("keeps the existing commands, unless the configuration names others", async () => {
    const chosen = { command: "weather", description: "Tell the weather" };
    fake.commands.push(chosen);
    channel = telegramChannel(fake, { publicUrl: PUBLIC });
    await channel.start?.(tools.startContext());
    expect(fake.commands).toEqual([chosen]);
    await channel.stop?.();
    const commands = [{ command: "help", description: "Help" }];
    for (const [config, expected] of [
      [{ commands }, commands],
      [{ commands }, commands],
      [{ commands: [] }, []],
    ] as const) {
      channel = telegramChannel(fake, { publicUrl: PUBLIC, config });
      await channel.start?.(tools.startContext());
      expect(fake.commands).toEqual(expected);
      await channel.stop?.();
    }
    expect(methods().filter((method) => method === "setMyCommands")).toHaveLength(2);
  });

  test("registers no webhook at a local address, and says what to do", async () => {
    const config = { apiRoot: "http://bot-api.invalid" };
    channel = telegramChannel(fake, { log: tools.log, config });
    await channel.start?.(tools.startContext());
    expect(tools.show(tools.logged())).toContain("CAUSEWAY_PUBLIC_URL");
    expect(methods()).toEqual([]);
  });

  test("registers at a local address if the Bot API server is local, too", async () => {
    const publicUrl = { url: "http://127.0.0.1:3000", isPublic: false };
    channel = telegramChannel(fake, { log: tools.log, publicUrl });
    await channel.start?.(tools.startContext());
    expect(fake.webhook).toMatchObject({ url: "http://127.0.0.1:3000/webhooks/telegram" });
    expect(tools.show(tools.logged())).not.toContain("CAUSEWAY_PUBLIC_URL");
  });

  test("retries a failed registration, then clears the error", async () => {
    fake.fail({ answer: 500 }, { method: "setWebhook" });
    channel = telegramChannel(fake, { publicUrl: PUBLIC });
    const context = tools.startContext();
    await channel.start?.(context);
    expect(context.errors).toEqual([expect.stringContaining("500")]);
    await eventually(() => expect(fake.webhook).not.toBeNull());
    await eventually(() => expect(context.errors.at(-1)).toBeNull());
    expect(methods().filter((method) => method === "getMe").length).toBe(1);
  });

  test("starts without commands if Telegram refuses them", async () => {
    fake.fail({ answer: 404 }, { method: "setMyCommands", times: 9 });
    channel = telegramChannel(fake, { publicUrl: PUBLIC });
    const context = tools.startContext();
    await channel.start?.(context);
    expect(context.errors).toEqual([]);
  });

  test("reports once that the token is wrong", async () => {
    fake.revokeToken();
    channel = telegramChannel(fake, { publicUrl: PUBLIC });
    const context = tools.startContext();
    await channel.start?.(context);
    expect(context.errors).toEqual([
      "Telegram refused the token (401); copy it again from @BotFather into `token`",
    ]);
  });
});

describe("a polling channel", () => {
  const polling = (config: Record<string, unknown> = {}, publicUrl?: typeof PUBLIC) =>
    telegramChannel(fake, {
      config: { mode: "polling", secretToken: undefined, ...config },
      ...(publicUrl ? { publicUrl } : {}),
      log: tools.log,
    });

  /** A context that stores its events, or fails to. */
  function collecting(store: (events: ChannelEvent[]) => Promise<void> = async () => undefined) {
    const texts: string[] = [];
    const leading = new AbortController();
    const ended: Promise<void>[] = [];
    const context = tools.startContext();
    const whole: ChannelContext = {
      ...context,
      async accept(events) {
        await store(events);
        for (const event of events) if (event.type === "message") texts.push(event.text);
      },
      whileLeader: (_, task) => void ended.push(task(leading.signal)),
    };
    return { context: whole, errors: context.errors, texts, leading, ended };
  }

  test("delivers messages in order, even if our own webhook was set before", async () => {
    const before = telegramChannel(fake, { publicUrl: PUBLIC });
    await before.start?.(tools.startContext());
    await before.stop?.();
    fake.push(updateWith({ text: "one" }));
    fake.push(updateWith({ text: "two" }));
    channel = polling({}, PUBLIC);
    const { context, texts } = collecting();
    await channel.start?.(context);
    await eventually(() => expect(texts).toEqual(["one", "two"]));
    fake.push(updateWith({ text: "three" }));
    await eventually(() => expect(texts).toEqual(["one", "two", "three"]));
    await eventually(() => expect(fake.pending()).toBe(0));
  });

  test("does not take the bot from another host, and names the host and the setting", async () => {
    const taken = { url: "https://prod.example.org/hook", secretToken: "x", allowedUpdates: undefined };
    fake.webhook = taken;
    fake.push(updateWith({ text: "for production" }));
    channel = polling();
    const { context, errors, texts } = collecting();
    await channel.start?.(context);
    await eventually(() => expect(errors[0]).toContain("https://prod.example.org/hook"));
    expect(errors[0]).toContain('"takeOver": true');
    expect(tools.show(tools.logged())).toContain("https://prod.example.org/hook");
    expect([fake.webhook, texts]).toEqual([taken, []]);
    expect(methods()).not.toContain("deleteWebhook");
    // Once the other host gives the bot up, this channel takes it without a restart.
    fake.webhook = null;
    await eventually(() => expect(texts).toEqual(["for production"]));
    await eventually(() => expect(errors.at(-1)).toBeNull());
  });

  test("takes the bot from another host if configured, and names the host", async () => {
    fake.webhook = { url: "https://prod.example.org/hook", secretToken: "x", allowedUpdates: undefined };
    fake.push(updateWith({ text: "mine now" }));
    channel = polling({ takeOver: true });
    const { context, texts } = collecting();
    await channel.start?.(context);
    await eventually(() => expect(texts).toEqual(["mine now"]));
    expect(fake.webhook).toBeNull();
    expect(tools.show(tools.logged())).toContain("https://prod.example.org/hook");
  });

  test("works with a server that does not show its webhook", async () => {
    fake.fail({ answer: 404, description: "Not Found: method not found" }, { method: "getWebhookInfo" });
    fake.push(updateWith({ text: "hello" }));
    channel = polling();
    const { context, texts, errors } = collecting();
    await channel.start?.(context);
    await eventually(() => expect(texts).toEqual(["hello"]));
    expect(errors).toEqual([]);
  });

  test("logs that it is connected, and later that it works again", async () => {
    fake.push(updateWith({ text: "one" }));
    channel = polling();
    const { context, texts } = collecting();
    await channel.start?.(context);
    await eventually(() => expect(tools.show(tools.logged())).toContain("telegram connected"));
    expect(tools.show(tools.logged())).not.toContain("works again");
    fake.fail({ answer: 502 }, { method: "getUpdates" });
    fake.push(updateWith({ text: "two" }));
    await eventually(() => expect(tools.show(tools.logged())).toContain("telegram polling works again"));
    await eventually(() => expect(texts).toEqual(["one", "two"]));
  });

  test("requests an update again until it is stored", async () => {
    let failures = 1;
    const { context, texts, errors } = collecting(async () => {
      if (failures-- > 0) throw new Error("the database is down");
    });
    fake.push(updateWith({ text: "keep me" }));
    channel = polling();
    await channel.start?.(context);
    await eventually(() => expect(errors).toEqual([expect.stringContaining("could not be stored")]));
    expect(fake.pending()).toBe(1);
    await eventually(() => expect(texts).toEqual(["keep me"]));
    await eventually(() => expect(errors.at(-1)).toBeNull());
    await eventually(() => expect(fake.pending()).toBe(0));
  });

  test("continues after Telegram failed", async () => {
    fake.fail({ answer: 502 }, { method: "getUpdates" });
    fake.fail({ cut: "after" }, { method: "deleteWebhook" });
    fake.push(updateWith({ text: "still here" }));
    channel = polling();
    const { context, texts } = collecting();
    await channel.start?.(context);
    await eventually(() => expect(texts).toEqual(["still here"]));
  });

  test("reports that another process polls with its token", async () => {
    fake.fail({ answer: 409, description: "Conflict" }, { method: "getUpdates" });
    channel = polling();
    const { context, errors } = collecting();
    await channel.start?.(context);
    await eventually(() => expect(errors[0]).toContain("another process polls with this token"));
    await eventually(() => expect(errors.at(-1)).toBeNull());
    expect(methods().filter((method) => method === "deleteWebhook").length).toBe(2);
  });

  test("ends its poll at once when it stops leading", async () => {
    channel = polling();
    const { context, leading, ended } = collecting();
    await channel.start?.(context);
    await eventually(() => expect(methods()).toContain("getUpdates"));
    leading.abort();
    await Promise.all(ended);
    expect(ended.length).toBe(1);
  });

  test("ends its poll at once when it stops", async () => {
    channel = polling();
    const { context, ended } = collecting();
    await channel.start?.(context);
    await eventually(() => expect(methods()).toContain("getUpdates"));
    await channel.stop?.();
    await Promise.all(ended);
    await eventually(() => expect(fake.openConnections()).toBe(0));
  });
});
