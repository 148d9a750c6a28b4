import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ADA, metaConfig, metaEvent, textMessage } from "../channels/whatsapp-meta-subject.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { createScriptedBot, type ScriptedBot } from "../support/scripted-bot.ts";
import { type ScriptedMeta, signedEvent, startScriptedMeta } from "../support/scripted-meta.ts";

const BSUID = "DE.13491208655302741918";

let fake: ScriptedMeta;
let app: TestApp;
let bot: ScriptedBot;

beforeEach(async () => {
  fake = await startScriptedMeta();
  bot = createScriptedBot((call) => {
    if (!call.texts.includes("think")) call.reply(`re: **${call.texts.join(" + ")}**`);
  });
  app = await startTestApp({
    bots: { scripted: bot.definition },
    agents: { agent: { bot: { type: "scripted" }, reset: { reply: "Conversation reset." } } },
    channels: { whatsapp: { kind: "whatsapp", agent: "agent", ...metaConfig(fake) } },
    env: { CAUSEWAY_PUBLIC_URL: "https://causeway.example.org" },
  });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await fake.close();
});

async function post(event: unknown, secret = fake.appSecret): Promise<number> {
  const { headers, body } = signedEvent(event, secret);
  return (await fetch(`${app.url}/webhooks/whatsapp`, { method: "POST", headers, body })).status;
}

const hear = (messages: Record<string, unknown>[], value?: Record<string, unknown>) =>
  post(metaEvent(fake, messages, value));
const report = (status: Record<string, unknown>) => hear([], { statuses: [status] });
const said = () => fake.taken.map(({ to, body }) => [to, body]);
const deliveries = async () => (await app.api("GET", "/deliveries")).body.data;
const users = async () => (await app.api("GET", "/users")).body.data;

/** A message of a user whose number is shown or hidden. */
const named = (from: string | undefined, contact: Record<string, unknown>) => ({
  message: (body: string) => ({ ...textMessage(body), from, from_user_id: BSUID }),
  value: { contacts: [{ profile: { name: "Ada" }, user_id: BSUID, ...contact }] },
});

describe("on WhatsApp through Meta", () => {
  test("the webhook is verified, and a batch that arrives twice is answered once, in order", async () => {
    const query = `hub.mode=subscribe&hub.verify_token=${fake.verifyToken}&hub.challenge=4711`;
    const verified = await fetch(`${app.url}/webhooks/whatsapp?${query}`);
    expect([verified.status, await verified.text()]).toEqual([200, "4711"]);
    const guessed = query.replace(fake.verifyToken, "guess");
    expect((await fetch(`${app.url}/webhooks/whatsapp?${guessed}`)).status).toBe(401);

    const batch = metaEvent(fake, [textMessage("one"), { type: "reaction" }, textMessage("two")]);
    expect(await Promise.all([post(batch), post(batch), post(batch, "f".repeat(32))])).toEqual([
      200, 200, 401,
    ]);
    await eventually(() =>
      expect(said()).toEqual([
        ["491700000001", "re: *one*"],
        ["491700000001", "re: *two*"],
      ]),
    );
    const [taken] = fake.taken;
    await eventually(async () =>
      expect(await deliveries()).toMatchObject([{ status: "sent" }, { status: "sent" }]),
    );
    await report({ id: taken?.id, status: "read", biz_opaque_callback_data: taken?.callbackData });
    await report({ id: taken?.id, status: "delivered", biz_opaque_callback_data: taken?.callbackData });
    expect((await deliveries()).map(({ status }: { status: string }) => status).sort()).toEqual([
      "read",
      "sent",
    ]);
  });

  test("a waiting user sees their message read and the answer being written", async () => {
    const id = fake.wrote("think");
    await hear([{ ...textMessage("think"), id }]);
    const call = await bot.asked("think");
    await eventually(() => expect(fake.typing).toEqual([id]));
    call.reply("done");
    await eventually(() => expect(said()).toEqual([["491700000001", "done"]]));
  });

  test("a send without an answer is recognised by its receipt and not repeated", async () => {
    fake.fail({ cut: "after" });
    await hear([textMessage("hello")]);
    await eventually(async () => expect(await deliveries()).toMatchObject([{ status: "unknown" }]));
    const [taken] = fake.taken;
    await report({ id: taken?.id, status: "delivered", biz_opaque_callback_data: taken?.callbackData });
    expect(await deliveries()).toMatchObject([
      { status: "delivered", external_ids: [taken?.id], possible_duplicate: false, next_attempt_at: null },
    ]);
    expect(said()).toHaveLength(1);
  });

  test("a user stays the same person with and without their number, and when their id changes", async () => {
    const shown = named("491700000001", { wa_id: "491700000001" });
    const hidden = named(undefined, {});
    await hear([shown.message("with the number")], shown.value);
    await eventually(() => expect(said()).toHaveLength(1));
    await hear([hidden.message("without it")], hidden.value);
    await eventually(() => expect(said().at(-1)).toEqual(["491700000001", "re: *without it*"]));
    await hear([], { user_id_update: [{ user_id: { previous: BSUID, current: "DE.2" } }] });
    await hear([{ ...textMessage("with another id"), from: undefined, from_user_id: "DE.2" }], {
      contacts: [{ user_id: "DE.2" }],
    });
    await eventually(() => expect(said()).toHaveLength(3));
    expect(await users()).toMatchObject([{ identifier: ADA }]);

    // A user who first came with only an id is recognised once the number is seen and used.
    const BOB = { user_id: "DE.3", number: "491700000003" };
    const contacts = [{ user_id: BOB.user_id, wa_id: BOB.number }];
    await hear([{ ...textMessage("id"), from: undefined, from_user_id: BOB.user_id }], {
      contacts: [{ user_id: BOB.user_id }],
    });
    await hear([{ ...textMessage("id and number"), from: BOB.number, from_user_id: BOB.user_id }], {
      contacts,
    });
    const triggered = await app.api("POST", "/trigger_bot_message", {
      agent_id: "agent",
      channel: "whatsapp",
      identifier: `whatsapp:+${BOB.number}`,
      message_text: "by number",
    });
    expect(triggered.status).toBe(202);
    await eventually(() =>
      expect(said().slice(3)).toEqual([
        [BOB.user_id, "re: *id*"],
        [BOB.user_id, "re: *id and number*"],
        [BOB.user_id, "by number"],
      ]),
    );
    expect(await users()).toHaveLength(2);
    expect((await app.api("GET", "/chat/sessions")).body.data).toHaveLength(2);

    // After erasure, the service no longer knows the user.
    const [bob] = (await users()).filter(({ identifier }: { identifier: string }) =>
      identifier.includes("DE.3"),
    );
    expect((await app.api("DELETE", `/users/${bob.id}`)).status).toBe(204);
    await hear([{ ...textMessage("again"), from: BOB.number }], { contacts: [{ wa_id: BOB.number }] });
    await eventually(async () =>
      expect((await users()).map(({ identifier }: { identifier: string }) => identifier).sort()).toEqual([
        ADA,
        `whatsapp:+${BOB.number}`,
      ]),
    );
  });
});
