import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import { type MetaFault, type ScriptedMeta, startScriptedMeta } from "../support/scripted-meta.ts";
import { partOf } from "./conformance-subject.ts";
import {
  ADA,
  type MetaOverrides,
  metaChannel,
  metaEvent,
  metaWebhook,
  textMessage,
} from "./whatsapp-meta-subject.ts";

let fake: ScriptedMeta;
let channel: Channel;
const connect = async (overrides?: MetaOverrides) => {
  channel = await metaChannel(fake, overrides);
};
beforeEach(async () => {
  fake = await startScriptedMeta();
  await connect();
});
afterEach(async () => {
  await channel.stop?.();
  await fake.close();
});

async function eventsOf(event: unknown) {
  const received = await channel.receive(metaWebhook(fake, event));
  if (received.kind !== "accepted") throw new Error(JSON.stringify(received));
  return received.events;
}
const read = (message: Record<string, unknown>, value: Record<string, unknown> = {}) =>
  eventsOf(metaEvent(fake, [message], value));
const send = (text = "hello", address = ADA) =>
  channel.send(partOf(address, text), AbortSignal.timeout(10_000));
const hoursAgo = (hours: number) => async () => ({
  at: new Date(Date.now() - hours * 3_600_000),
  eventKeys: ["message:wamid.1"],
});

describe("Meta's check of the webhook", () => {
  const ask = (query: Record<string, string>) =>
    channel.receive({
      method: "GET",
      url: `/webhooks/whatsapp?${new URLSearchParams(query)}`,
      headers: {},
      body: Buffer.alloc(0),
    });
  const right = () => ({
    "hub.mode": "subscribe",
    "hub.verify_token": fake.verifyToken,
    "hub.challenge": "1158201444",
  });

  test("is answered with its challenge, as text", async () => {
    expect(await ask(right())).toEqual({
      kind: "accepted",
      events: [],
      response: { status: 200, contentType: "text/plain; charset=utf-8", body: "1158201444" },
    });
  });

  test("is refused without the verify token, and nothing else is echoed", async () => {
    expect(await ask({ ...right(), "hub.verify_token": "guess" })).toMatchObject({ status: 401 });
    expect(await ask({ ...right(), "hub.verify_token": "" })).toMatchObject({ status: 401 });
    expect(await ask({ ...right(), "hub.mode": "other" })).toMatchObject({ status: 404 });
    expect(await ask({ ...right(), "hub.challenge": "<script>" })).toMatchObject({ status: 404 });
  });

  test("is followed by posts that may use either secret while the secret is changed", async () => {
    const event = metaEvent(fake, [textMessage("hello")]);
    const second = metaWebhook({ appSecret: "f".repeat(32) }, event);
    expect(await channel.receive(second)).toMatchObject({ kind: "rejected", status: 401 });
    await connect({ config: { secondaryAppSecret: "f".repeat(32) } });
    for (const request of [second, metaWebhook(fake, event)])
      expect(await channel.receive(request)).toMatchObject({ kind: "accepted" });
  });
});

describe("a WhatsApp message from Meta", () => {
  test("is identified by its id, and its sender by the same address as with other providers", async () => {
    expect(await read({ ...textMessage("hello"), id: "wamid.7" })).toEqual([
      {
        type: "message",
        eventKeys: ["message:wamid.7"],
        conversation: { address: ADA, userIdentifier: ADA, aliases: [], externalKey: null },
        userName: "Ada",
        profile: { wa_id: "491700000001" },
        text: "hello",
        sentAt: expect.any(Date),
      },
    ]);
  });

  test("in a batch keeps its place, whatever else the batch contains", async () => {
    const one = metaEvent(fake, [textMessage("one"), { type: "reaction" }, textMessage("two")], {
      statuses: [{ id: "wamid.9", status: "read" }],
    });
    const two = metaEvent(fake, [textMessage("three")]);
    const events = await eventsOf({ ...one, entry: [...one.entry, { changes: null }, ...two.entry] });
    expect(events).toMatchObject([
      { text: "one" },
      { text: "two" },
      { type: "receipt", externalId: "wamid.9", state: "read" },
      { text: "three" },
    ]);
  });

  test("to another number of the same app is ignored", async () => {
    expect(await eventsOf(metaEvent({ phoneNumberId: "1" }, [textMessage("hello")]))).toEqual([]);
  });

  test("may come from someone without a visible number", async () => {
    const user_id = "US.13491208655302741918";
    const hidden = { ...textMessage("hello"), from: undefined, from_user_id: user_id };
    const contacts = [{ profile: { name: "Ada", username: "ada" }, user_id }];
    expect(await read(hidden, { contacts })).toMatchObject([
      {
        conversation: { address: `whatsapp:${user_id}`, userIdentifier: `whatsapp:${user_id}` },
        userName: "Ada",
        profile: { user_id, username: "ada" },
      },
    ]);
    expect(await send("hello", `whatsapp:${user_id}`)).toMatchObject({ kind: "sent" });
    expect(fake.taken).toMatchObject([{ to: user_id }]);
  });

  test.each<[string, Record<string, unknown>, object]>([
    [
      "a pressed button of a template",
      { type: "button", button: { text: "Yes", payload: "confirm:7" } },
      { text: "Yes", payload: "confirm:7" },
    ],
    [
      "a pressed button",
      {
        type: "interactive",
        interactive: { type: "button_reply", button_reply: { id: "b:1", title: "No" } },
      },
      { text: "No", payload: "b:1" },
    ],
    [
      "a line of a list",
      {
        type: "interactive",
        interactive: { type: "list_reply", list_reply: { id: "day:2", title: "Tuesday" } },
      },
      { text: "Tuesday", payload: "day:2" },
    ],
    [
      "a form",
      {
        type: "interactive",
        interactive: { type: "nfm_reply", nfm_reply: { body: "Sent", response_json: '{"a":1}' } },
      },
      { text: "Sent", payload: '{"a":1}' },
    ],
    [
      "a photo with a caption",
      { type: "image", image: { id: "1", mime_type: "image/jpeg", caption: "look" } },
      { text: "look", attachments: [{ kind: "image", platformId: "1", contentType: "image/jpeg" }] },
    ],
    [
      "a voice message",
      { type: "audio", audio: { id: "2", mime_type: "audio/ogg; codecs=opus", voice: true } },
      { text: "", attachments: [{ kind: "audio", platformId: "2" }] },
    ],
    [
      "a document",
      { type: "document", document: { id: "3", filename: "a.pdf", mime_type: "application/pdf" } },
      { text: "", attachments: [{ kind: "file", platformId: "3", name: "a.pdf" }] },
    ],
    ["a sticker", { type: "sticker", sticker: { id: "4" } }, { text: "" }],
    [
      "a place",
      { type: "location", location: { latitude: 52.52, longitude: 13.405, name: "Berlin" } },
      { text: "[location] Berlin, 52.52, 13.405" },
    ],
    [
      "a contact",
      { type: "contacts", contacts: [{ name: { formatted_name: "Bob" }, phones: [{ phone: "+49170" }] }] },
      { text: "[contact] Bob, +49170" },
    ],
    [
      "an order",
      {
        type: "order",
        order: { text: "please", product_items: [{ product_retailer_id: "tea", quantity: 2 }] },
      },
      { text: "[order] 2 × tea: please" },
    ],
    [
      "a message of an unknown type",
      { type: "unsupported", errors: [{ code: 131051 }] },
      { text: "[a message of a kind that cannot be read here]" },
    ],
    [
      "a photo without an id",
      { type: "image", image: {} },
      { text: expect.stringContaining("cannot be read") },
    ],
  ])("that is %s becomes text with its payload or files", async (_, message, expected) => {
    expect(await read(message)).toMatchObject([expected]);
  });

  test("contains the id beside the number, because the number may be hidden next time", async () => {
    const user_id = "US.13491208655302741918";
    const contacts = [{ wa_id: "491700000001", user_id }];
    expect(await read(textMessage("hello"), { contacts })).toMatchObject([
      { conversation: { userIdentifier: ADA, aliases: [`whatsapp:${user_id}`] }, profile: { user_id } },
    ]);
    const update = { user_id: { previous: user_id, current: "US.2" } };
    const event = metaEvent(fake, [], { user_id_update: [update, { user_id: "odd" }] });
    expect(await eventsOf(event)).toEqual([
      { type: "address_change", from: `whatsapp:${user_id}`, to: "whatsapp:US.2" },
    ]);
  });

  test("about a changed number moves the conversation", async () => {
    const system = { body: "changed", type: "user_changed_number", wa_id: "491700000009" };
    expect(await read({ type: "system", system })).toEqual([
      { type: "address_change", from: ADA, to: "whatsapp:+491700000009" },
    ]);
  });
});

test("a user's refusal of marketing messages is reported, and so is its end", async () => {
  const wish = (value: string) =>
    eventsOf(
      metaEvent(fake, [], {
        user_preferences: [{ wa_id: "491700000001", category: "marketing_messages", value }],
      }),
    );
  const preference = { type: "marketing_preference", userIdentifier: ADA, aliases: [] };
  expect(await wish("stop")).toEqual([{ ...preference, isWanted: false }]);
  expect(await wish("resume")).toEqual([{ ...preference, isWanted: true }]);
});

describe("a status from Meta", () => {
  const status = (fields: Record<string, unknown>) =>
    eventsOf(metaEvent(fake, [], { statuses: [{ id: "wamid.5", ...fields }] }));

  test("becomes a receipt that names the delivery", async () => {
    for (const state of ["sent", "delivered", "read"])
      expect(await status({ status: state, biz_opaque_callback_data: "d1" })).toEqual([
        { type: "receipt", externalId: "wamid.5", deliveryId: "d1", state },
      ]);
  });

  test("of a failure contains the reason", async () => {
    const failed = (code: number) => status({ status: "failed", errors: [{ code, title: "Refused" }] });
    expect(await failed(131047)).toMatchObject([
      { state: "failed", errorCode: "window_closed", meaning: "parked" },
    ]);
    expect(await failed(131026)).toMatchObject([{ state: "failed", errorCode: "meta_131026" }]);
    expect(await failed(999)).toMatchObject([
      { state: "failed", errorCode: "meta_999", errorMessage: "Meta answered 999: Refused" },
    ]);
    expect(await status({ status: "failed" })).toMatchObject([{ state: "failed", errorCode: "meta_failed" }]);
    // One item that cannot be read does not hide the others.
    const errors = ["odd", { code: 131047 }];
    expect(await status({ status: "failed", errors })).toMatchObject([{ errorCode: "window_closed" }]);
  });

  test.each<[string, number, object]>([
    ["the sender's limit", 130429, { meaning: "retry", afterMs: 5_000, scope: "connection" }],
    ["too much for one user", 131056, { meaning: "retry", afterMs: 6_000, scope: "conversation" }],
    ["Meta's own failure", 131000, { meaning: "retry" }],
    ["a server that is down", 133004, { meaning: "retry" }],
    ["a closed window", 131047, { meaning: "parked", errorCode: "window_closed" }],
    ["a refusal of marketing", 131050, { meaning: "parked", errorCode: "marketing_refused" }],
  ])("of %s has the same meaning as in an answer", async (_, code, expected) => {
    const [receipt] = await status({ status: "failed", errors: [{ code }] });
    expect(receipt).toMatchObject({ state: "failed", ...expected });
    fake.fail({ status: 400, code });
    expect(await send()).toMatchObject({ kind: (expected as { meaning: string }).meaning });
  });

  test("of a refused file makes the channel send a link to it, as an answer does", async () => {
    for (const code of [131052, 131053]) {
      const [receipt] = await status({ status: "failed", errors: [{ code }] });
      expect(receipt).toMatchObject({ meaning: "retry", errorCode: `meta_${code}` });
      const file = {
        kind: "image",
        name: "a.png",
        contentType: "image/png",
        url: "https://example.org/a.png",
      } as const;
      const part = { ...partOf(ADA, "https://example.org/a.png"), file };
      const earlier = { code: `meta_${code}`, at: new Date() };
      expect(await channel.send({ ...part, earlier }, AbortSignal.timeout(10_000))).toMatchObject({
        kind: "sent",
      });
      expect(fake.taken.at(-1)).toMatchObject({ type: "text", body: file.url });
      expect(await channel.send(part, AbortSignal.timeout(10_000))).toMatchObject({ kind: "sent" });
      expect(fake.taken.at(-1)).toMatchObject({ type: "image" });
    }
  });

  test.each([131026, 131049, 130472, 131031, 190, 132001, 999])(
    "with the code %d is final, as in an answer",
    async (code) => {
      const [receipt] = await status({ status: "failed", errors: [{ code }] });
      expect(receipt).toMatchObject({ state: "failed", errorCode: `meta_${code}` });
      expect(receipt).not.toHaveProperty("meaning");
      fake.fail({ status: 400, code });
      expect(await send()).toMatchObject({ kind: "failed", code: `meta_${code}` });
    },
  );

  test("of a closed window makes the channel send the template, if there is one", async () => {
    await connect({ config: { template: { name: "still_there" } } });
    expect(await status({ status: "failed", errors: [{ code: 131047 }] })).toMatchObject([
      { meaning: "retry", errorCode: "window_closed" },
    ]);
  });

  test("of a refusal of marketing names the user who refuses", async () => {
    const failed = { status: "failed", recipient_id: "551188887777", errors: [{ code: 131050 }] };
    expect(await status(failed)).toMatchObject([
      { type: "receipt" },
      {
        type: "marketing_preference",
        userIdentifier: "whatsapp:+551188887777",
        aliases: ["whatsapp:+5511988887777"],
        isWanted: false,
      },
    ]);
  });
});

describe("a reply through Meta", () => {
  test("contains its delivery, and is identified by the id that Meta gives", async () => {
    const result = await send("Grüße & + %");
    expect(fake.taken).toMatchObject([
      { to: "491700000001", type: "text", body: "Grüße & + %", callbackData: "delivery" },
    ]);
    expect(result).toEqual({ kind: "sent", externalIds: [fake.taken[0]?.id] });
  });

  test("carries a proof made with the app secret, also while the secret is changed", async () => {
    expect(await send("one")).toMatchObject({ kind: "sent" });
    fake.resetAppSecret("f".repeat(32));
    expect(await send("two")).toMatchObject({
      kind: "failed",
      scope: "connection",
      code: "meta_104",
      reason: expect.stringContaining("appSecret"),
    });
    await connect({ config: { secondaryAppSecret: "f".repeat(32) } });
    expect([await send("three"), await send("four")]).toMatchObject([{ kind: "sent" }, { kind: "sent" }]);
    // From then on the working one is tried first.
    expect(fake.requests()).toBe(5);
    expect(fake.taken.map(({ body }) => body)).toEqual(["one", "three", "four"]);
  });

  test.each<[string, MetaFault, object]>([
    [
      "the sender's limit",
      { status: 400, code: 130429 },
      { kind: "retry", scope: "connection", afterMs: 5_000 },
    ],
    [
      "too much for one user",
      { status: 400, code: 131056 },
      { kind: "retry", scope: "conversation", afterMs: 6_000, code: "meta_131056" },
    ],
    ["the business account's limit", { status: 400, code: 80007 }, { kind: "retry", scope: "connection" }],
    ["a closed window", { status: 400, code: 131047 }, { kind: "parked", code: "window_closed" }],
    [
      "a refusal of marketing",
      { status: 400, code: 131050 },
      { kind: "parked", code: "marketing_refused", refused: true },
    ],
    [
      "a user who cannot be reached",
      { status: 400, code: 131026 },
      { kind: "failed", scope: "conversation" },
    ],
    ["a message that Meta withholds", { status: 400, code: 131049 }, { kind: "failed", code: "meta_131049" }],
    [
      "a refused token",
      { status: 401, code: 190 },
      { kind: "failed", scope: "connection", code: "meta_190" },
    ],
    ["a missing permission", { status: 403, code: 200 }, { kind: "failed", scope: "connection" }],
    [
      "a wrong number id",
      { status: 400, code: 100, subcode: 33 },
      { kind: "failed", scope: "connection", code: "meta_33" },
    ],
    [
      "a bad parameter",
      { status: 400, code: 100, details: "body is too long" },
      { kind: "failed", scope: "conversation", reason: expect.stringContaining("body is too long") },
    ],
    ["Meta's own failure", { status: 500, code: 131000 }, { kind: "retry", scope: "conversation" }],
    ["a proxy that refuses", { html: 403 }, { kind: "retry", scope: "connection", code: "meta_http_403" }],
    ["a gateway without an answer", { html: 502 }, { kind: "unknown" }],
    ["a web page in place of an answer", { html: 200 }, { kind: "unknown" }],
    ["a connection cut", { cut: "before" }, { kind: "unknown" }],
  ])("after %s has the right result, and is tried once", async (_, fault, expected) => {
    fake.fail(fault);
    expect(await send()).toMatchObject(expected);
    expect(fake.requests()).toBe(1);
  });

  test("after 24 hours is the template, with its placeholders filled by number or by name", async () => {
    const template = (variables: Record<string, string>) => ({
      template: { name: "still_there", language: "de", variables },
    });
    await connect({ lastUserMessage: hoursAgo(25), config: template({ 10: "c", 2: "b", 1: "a" }) });
    expect(await send()).toMatchObject({ kind: "sent" });
    await connect({ lastUserMessage: hoursAgo(25), config: template({ name: "Ada" }) });
    expect(await send()).toMatchObject({ kind: "sent" });
    const [numbered, named] = fake.taken.map((message) => message.template);
    const texts = (parameters: object[]) => ({ components: [{ type: "body", parameters }] });
    expect(numbered).toMatchObject({ name: "still_there", language: { code: "de" } });
    expect(numbered).toMatchObject(texts([{ text: "a" }, { text: "b" }, { text: "c" }]));
    expect(named).toMatchObject(texts([{ parameter_name: "name", text: "Ada" }]));
  });

  test("that WhatsApp later reports as too late becomes the template, until the user writes", async () => {
    const wroteAt = new Date(Date.now() - 60_000);
    const template = { name: "still_there" };
    await connect({ config: { template }, lastUserMessage: async () => ({ at: wroteAt, eventKeys: [] }) });
    const again = (at: Date) =>
      channel.send(
        { ...partOf(ADA, "hello"), earlier: { code: "window_closed", at } },
        AbortSignal.timeout(10_000),
      );
    expect(await again(new Date())).toMatchObject({ kind: "sent", note: { code: "window_closed" } });
    expect(await again(new Date(wroteAt.getTime() - 1))).toMatchObject({ kind: "sent" });
    expect(fake.taken.map(({ type }) => type)).toEqual(["template", "text"]);
  });

  test("with a marketing template is not sent to users who refuse marketing", async () => {
    for (const [category, refuses, expected] of [
      ["marketing", true, { kind: "parked", code: "marketing_refused" }],
      ["marketing", false, { kind: "sent" }],
      ["utility", true, { kind: "sent" }],
    ] as const) {
      const config = { template: { name: "still_there", category } };
      await connect({ config, lastUserMessage: hoursAgo(25), refusesMarketing: async () => refuses });
      expect(await send()).toMatchObject(expected);
      expect(await channel.canReach?.(ADA)).toMatchObject({
        kind: "limited",
        code: expected.kind === "parked" ? "marketing_refused" : "template_only",
      });
      await connect({ config, refusesMarketing: async () => refuses });
      expect(await send()).toMatchObject({ kind: "sent" });
    }
    await connect({
      config: { template: { name: "still_there", category: "marketing" } },
      lastUserMessage: hoursAgo(25),
      refusesMarketing: () => Promise.reject(new Error("away")),
    });
    expect(await send()).toMatchObject({ kind: "retry", code: "database_unavailable" });
  });

  test("returns the other names under which its recipient may write", async () => {
    fake.knownAs.set("5511988887777", { wa_id: "551188887777", user_id: "BR.2" });
    expect(await send("hello", "whatsapp:+5511988887777")).toMatchObject({
      kind: "sent",
      alsoKnownAs: ["whatsapp:+551188887777", "whatsapp:BR.2"],
    });
    expect(await send()).not.toHaveProperty("alsoKnownAs");
  });

  test("shows typing under the user's last message, and marks it as read", async () => {
    const id = fake.wrote();
    await connect({ lastUserMessage: async () => ({ at: new Date(), eventKeys: [`message:${id}`] }) });
    await channel.typing?.(ADA, AbortSignal.timeout(10_000));
    expect(fake.typing).toEqual([id]);
  });
});
