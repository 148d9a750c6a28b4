import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { metaConfig, metaEvent, textMessage } from "../channels/whatsapp-meta-subject.ts";
import { messageWith, PUBLIC_URL } from "../channels/whatsapp-subject.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { type ScriptedMeta, signedEvent, startScriptedMeta } from "../support/scripted-meta.ts";
import { type ScriptedTwilio, signedForm, startScriptedTwilio } from "../support/scripted-twilio.ts";

/** Numbers whose form on WhatsApp differs from the usual form. */
const NUMBERS = [
  { written: "+5511988887777", known: "551188887777" },
  { written: "+525512345678", known: "5215512345678" },
  { written: "+541123456789", known: "5491123456789" },
];

let meta: ScriptedMeta;
let twilio: ScriptedTwilio;
let app: TestApp;

beforeEach(async () => {
  [meta, twilio] = await Promise.all([startScriptedMeta(), startScriptedTwilio()]);
  const { accountSid, authToken, from, url: apiBaseUrl } = twilio;
  const whatsapp = { kind: "whatsapp", agent: "echo" };
  app = await startTestApp({
    channels: {
      meta: { ...whatsapp, ...metaConfig(meta) },
      twilio: { ...whatsapp, provider: "twilio", accountSid, authToken, from, apiBaseUrl },
    },
    env: { CAUSEWAY_PUBLIC_URL: PUBLIC_URL },
  });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await Promise.all([meta.close(), twilio.close()]);
});

async function post(path: string, { headers, body }: { headers: Record<string, string>; body: string }) {
  expect((await fetch(app.url + path, { method: "POST", headers, body })).status).toBe(200);
}

/** A message as either provider passes it on, with the number in WhatsApp's form. */
const says = {
  meta: (from: string, text: string) =>
    post(
      "/webhooks/meta",
      signedEvent(
        metaEvent(meta, [{ ...textMessage(text), from }], { contacts: [{ wa_id: from }] }),
        meta.appSecret,
      ),
    ),
  twilio: (from: string, text: string, more: Record<string, string> = {}) => {
    const params = messageWith(twilio, { From: `whatsapp:+${from}`, WaId: from, Body: text, ...more });
    return post("/webhooks/twilio", signedForm(`${PUBLIC_URL}/webhooks/twilio`, params, twilio.authToken));
  },
};

const trigger = async (channel: string, identifier: string) => {
  const message = { agent_id: "echo", channel, identifier, message_text: "Can you come tomorrow?" };
  expect((await app.api("POST", "/trigger_bot_message", message)).status).toBe(202);
};
const users = async (channel: string): Promise<string[]> =>
  (await app.api("GET", `/users?channel=${channel}`)).body.data.map(
    ({ identifier }: { identifier: string }) => identifier,
  );
const sessions = async (channel: string) =>
  (await app.api("GET", `/chat/sessions?channel=${channel}`)).body.data;
const texts = {
  meta: () => meta.taken.map(({ to, body }) => [to, body]),
  twilio: () => twilio.taken.map(({ to, body }) => [to.replace("whatsapp:+", ""), body]),
};

describe.each(["meta", "twilio"] as const)("on WhatsApp through %s", (channel) => {
  test("a user who gets a message at one form of their number and answers from the other is one user", async () => {
    for (const { written, known } of NUMBERS) {
      await trigger(channel, written);
      await eventually(async () => expect(await users(channel)).toContain(`whatsapp:${written}`));
      // Nobody has written from the other form yet, but it already finds the same person.
      const { body } = await app.api("GET", `/users?channel=${channel}&identifier=${known}`);
      expect(body.data).toMatchObject([{ identifier: `whatsapp:${written}` }]);
      await says[channel](known, "yes");
    }
    const digits = NUMBERS.map(({ written }) => written.slice(1));
    // The triggered message waited for the user to write. It goes to the address that the user wrote from.
    await eventually(() =>
      expect(texts[channel]().sort()).toEqual(
        digits
          .flatMap((to) => [
            [to, "Can you come tomorrow?"],
            [to, "You said: yes"],
          ])
          .sort(),
      ),
    );
    expect((await users(channel)).sort()).toEqual(NUMBERS.map(({ written }) => `whatsapp:${written}`).sort());
    expect(await sessions(channel)).toHaveLength(NUMBERS.length);
  });

  test("a user who wrote from one form of their number is found by the other", async () => {
    for (const { written, known } of NUMBERS) {
      await says[channel](known, "hello");
      await eventually(() => expect(texts[channel]()).toContainEqual([known, "You said: hello"]));
      await trigger(channel, written);
      await eventually(() => expect(texts[channel]()).toContainEqual([known, "Can you come tomorrow?"]));
      const at = new Date(Date.now() + 3_600_000).toISOString();
      const schedule = { agent_id: "echo", channel, identifier: written, message_text: "Today!", at };
      const { status, body } = await app.api("POST", "/schedules", schedule);
      expect([status, body]).toMatchObject([201, { user_id: (await sessions(channel))[0].user_id }]);
    }
    expect(await users(channel)).toHaveLength(NUMBERS.length);
    expect(await sessions(channel)).toHaveLength(NUMBERS.length);
  });
});

test("a Twilio user who comes with a number and later with only an id is one user", async () => {
  const ExternalUserId = "US.13491208655302741918";
  await says.twilio("15550000004", "with the number", { ExternalUserId });
  await eventually(() => expect(texts.twilio()).toEqual([["15550000004", "You said: with the number"]]));
  await says.twilio("", "without it", { From: `whatsapp:${ExternalUserId}`, ExternalUserId });
  await eventually(() => expect(texts.twilio().at(-1)).toEqual(["15550000004", "You said: without it"]));
  await says.twilio("15550000004", "with it again");
  await eventually(() => expect(texts.twilio()).toHaveLength(3));
  expect(await users("twilio")).toEqual(["whatsapp:+15550000004"]);
  expect(await sessions("twilio")).toHaveLength(1);
});
