import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createBotApi } from "../../src/channels/telegram/bot-api.ts";
import { telegramConfigSchema } from "../../src/channels/telegram/config.ts";
import { createWebhook } from "../../src/channels/telegram/webhook.ts";
import { createTroubles } from "../../src/core/faults/troubles.ts";
import { eventually } from "../support/eventually.ts";
import { type ScriptedTelegram, startScriptedTelegram } from "../support/scripted-telegram.ts";
import { createSubjectTools } from "./conformance-subject.ts";
import { SECRET_TOKEN } from "./telegram-subject.ts";

const URL_OF_OURS = "https://bots.example.org/webhooks/telegram";

let fake: ScriptedTelegram;
let tools: ReturnType<typeof createSubjectTools>;
let errors: (string | null)[];
let stop: () => Promise<void>;

beforeEach(async () => {
  fake = await startScriptedTelegram();
  tools = createSubjectTools();
  errors = [];
  const config = telegramConfigSchema.parse({
    token: fake.token,
    secretToken: SECRET_TOKEN,
    apiRoot: fake.url,
  });
  const api = createBotApi(config);
  const webhook = createWebhook({
    api: api.calls,
    token: fake.token,
    url: URL_OF_OURS,
    secretToken: SECRET_TOKEN,
    everyMs: 20,
    log: tools.log,
  });
  const stopped = new AbortController();
  await webhook.register(stopped.signal);
  const watching = webhook.watch(
    createTroubles((error) => void errors.push(error)),
    stopped.signal,
  );
  stop = async () => {
    stopped.abort();
    await watching;
    await api.close();
  };
});
afterEach(async () => {
  await stop();
  await fake.close();
});

const looks = () => fake.calls.filter((method) => method === "getWebhookInfo").length;

/** Waits until the channel has checked the webhook several more times. */
async function lookOn(): Promise<void> {
  const before = looks();
  await eventually(() => expect(looks()).toBeGreaterThan(before + 3));
}

describe("a webhook that is watched", () => {
  test("is not registered again while it is unchanged", async () => {
    await lookOn();
    expect(errors).toEqual([]);
    expect(fake.calls.filter((method) => method === "setWebhook")).toHaveLength(1);
  });

  test.each([
    ["that somebody removed to poll", null, "was removed"],
    [
      "that another service took",
      { url: "https://other.example.org/hook", secret_token: "x" },
      "https://other.example.org/hook",
    ],
    [
      "that requests too few kinds of updates",
      { url: URL_OF_OURS, secret_token: SECRET_TOKEN, allowed_updates: ["message"] },
      "some kinds of update",
    ],
  ])("%s is registered again; the log names the cause, and the error ends", async (_, taken, words) => {
    if (taken === null) await fake.call("deleteWebhook");
    else await fake.call("setWebhook", taken);
    await eventually(() => expect(errors).toEqual([expect.stringContaining(words), null]));
    expect(fake.webhook).toMatchObject({ url: URL_OF_OURS, secret_token: SECRET_TOKEN });
    const logged = tools.show(tools.logged());
    expect(logged).toContain(words);
    expect(logged).toContain("posts updates here again");
  });

  test("that Telegram cannot reach causes an error with Telegram's words while updates wait", async () => {
    const last_error_date = Math.floor(Date.now() / 1000) + 3600;
    const last_error_message = "SSL error {certificate verify failed}";
    const info = { ...(await fake.call("getWebhookInfo")), last_error_date, last_error_message };
    fake.tell("getWebhookInfo", info);
    await lookOn();
    expect(errors).toEqual([]);
    fake.tell("getWebhookInfo", { ...info, pending_update_count: 3 });
    await eventually(() => expect(errors[0]).toMatch(/certificate verify failed.*3 wait/));
    fake.tell("getWebhookInfo", { ...info, pending_update_count: 0 });
    await eventually(() => expect(errors.at(-1)).toBeNull());
  });

  test("causes an error while Telegram cannot be asked or refuses the registration", async () => {
    fake.fail("getWebhookInfo", { answer: 502 });
    await eventually(() => expect(errors).toEqual([expect.stringContaining("502"), null]));
    fake.fail("setWebhook", { answer: 500 });
    await fake.call("deleteWebhook");
    await eventually(() => expect(fake.webhook).toMatchObject({ url: URL_OF_OURS }));
    await eventually(() => expect(errors.at(-1)).toBeNull());
    expect(errors[2]).toContain("500");
  });

  test("shows no token that is part of an address", async () => {
    await fake.call("setWebhook", { url: `https://other.example.org/${fake.token}`, secret_token: "x" });
    await eventually(() => expect(errors).toHaveLength(2));
    expect(tools.show([errors, tools.logged()])).not.toContain(fake.token);
  });

  test("of a server that does not show its webhook causes no error", async () => {
    fake.fail("getWebhookInfo", { answer: 404, description: "Not Found: method not found" }, 9);
    await lookOn();
    expect(errors).toEqual([]);
  });
});
