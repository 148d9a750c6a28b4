import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import type { OfferedButtons } from "../../src/channels/channel-options.ts";
import { definition } from "../../src/channels/whatsapp/index.ts";
import { newId } from "../../src/core/ids.ts";
import { canShow, toButtons } from "../../src/core/message/button.ts";
import {
  choicesOf,
  type Interactive,
  type ScriptedMeta,
  startScriptedMeta,
} from "../support/scripted-meta.ts";
import { partOf } from "./conformance-subject.ts";
import { ADA, metaChannel, metaConfig, metaEvent, metaWebhook, replyTo } from "./whatsapp-meta-subject.ts";

let fake: ScriptedMeta;
let channel: Channel;
let offered: Map<string, OfferedButtons>;

beforeEach(async () => {
  fake = await startScriptedMeta();
  offered = new Map();
  channel = await metaChannel(fake, { findButtons: async (id) => offered.get(id) ?? null });
});
afterEach(async () => {
  await channel.stop?.();
  await fake.close();
});

const named = (...labels: string[]) => toButtons(labels.map((label) => ({ label, payload: `p:${label}` })));

/** Sends a text with these choices below it. Returns the message that WhatsApp received. */
async function offer(text: string, ...labels: string[]) {
  const messageId = newId();
  const buttons = named(...labels);
  offered.set(messageId, { address: ADA, buttons });
  const sent = await channel.send({ ...partOf(ADA, text), messageId, buttons }, AbortSignal.timeout(5000));
  expect(sent).toMatchObject({ kind: "sent" });
  return { messageId, taken: fake.taken.at(-1), interactive: fake.taken.at(-1)?.interactive as Interactive };
}

async function received(message: Record<string, unknown>) {
  const answer = await channel.receive(metaWebhook(fake, metaEvent(fake, [message])));
  return answer.kind === "accepted" ? answer.events : expect.fail(JSON.stringify(answer));
}

describe("choices on WhatsApp through Meta", () => {
  test("up to three are buttons below the text", async () => {
    const { interactive } = await offer("Shall I **book** it?", "Yes", "No", "Later");
    expect(interactive).toMatchObject({ type: "button", body: { text: "Shall I *book* it?" } });
    expect(choicesOf(interactive).map(({ title }) => title)).toEqual(["Yes", "No", "Later"]);
  });

  test.each([
    ["more choices are", "Which day?", ["Mon", "Tue", "Wed", "Thu"]],
    ["two choices below a long text are", "Long. ".repeat(300).trim(), ["Yes", "No"]],
  ])("%s shown as a list that opens", async (_, text, labels) => {
    const { interactive } = await offer(text, ...labels);
    expect(interactive).toMatchObject({ type: "list", body: { text }, action: { button: "Choose" } });
    expect(choicesOf(interactive).map(({ title }) => title)).toEqual(labels);
  });

  test("a link is a special button, which appears alone below a short text", async () => {
    const support =
      definition.variant?.(definition.configSchema.parse(metaConfig(fake))).capabilities.buttons ?? null;
    const page = toButtons([{ label: "Terms", url: "https://example.org/terms" }]);
    expect(canShow("Read this", page, support)).toBe(true);
    expect(canShow("x".repeat(1025), page, support)).toBe(false);
    expect(canShow("Read this", [...page, ...named("Yes")], support)).toBe(false);
    const part = { ...partOf(ADA, "Read **this**"), buttons: page };
    expect(await channel.send(part, AbortSignal.timeout(5000))).toMatchObject({ kind: "sent" });
    expect(fake.taken.at(-1)?.interactive).toEqual({
      type: "cta_url",
      body: { text: "Read *this*" },
      action: {
        name: "cta_url",
        parameters: { display_text: "Terms", url: "https://example.org/terms" },
      },
    });
  });

  test("buttons that Meta refuses become a numbered list", async () => {
    const { taken } = await offer("Which?", "Same", "Same");
    expect(taken).toMatchObject({ type: "text", body: "Which?\n\n1. Same\n2. Same" });
  });

  test("a choice arrives as its label and its payload, from a button and from a list", async () => {
    const { messageId } = await offer("Shall I book it?", "Yes", "No");
    expect(await received(replyTo(`b:${messageId}:1`, "No"))).toMatchObject([
      { text: "No", payload: "p:No" },
    ]);
    const listReply = { id: `b:${messageId}:0`, title: "Yes", description: "" };
    expect(
      await received({ type: "interactive", interactive: { type: "list_reply", list_reply: listReply } }),
    ).toMatchObject([{ text: "Yes", payload: "p:Yes" }]);
  });

  test("a user with a WhatsApp id may press a button that was sent to their number", async () => {
    const { messageId } = await offer("Shall I book it?", "Yes", "No");
    const hidden = { from: undefined, from_user_id: "US.13491208655302741918" };
    expect(await received({ ...replyTo(`b:${messageId}:0`, "Yes"), ...hidden })).toMatchObject([
      { payload: "p:Yes" },
    ]);
  });

  test("the payload of an operator's template stays unchanged", async () => {
    expect(await received({ type: "button", button: { text: "Yes", payload: "template:7" } })).toMatchObject([
      { text: "Yes", payload: "template:7" },
    ]);
  });

  test("a choice is refused while the offer cannot be looked up, so Meta sends it again", async () => {
    const away = await metaChannel(fake, { findButtons: () => Promise.reject(new Error("no database")) });
    const request = metaWebhook(fake, metaEvent(fake, [replyTo(`b:${newId()}:0`, "Yes")]));
    expect(await away.receive(request)).toMatchObject({ kind: "later", reason: expect.any(String) });
    await away.stop?.();
  });
});
