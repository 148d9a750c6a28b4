import { beforeEach, describe, expect, test } from "vitest";
import type { ChannelEvent } from "../../src/core/message/channel-event.ts";
import { eventually } from "../support/eventually.ts";
import { quietLog } from "../support/quiet-log.ts";
import { startScriptedMeta } from "../support/scripted-meta.ts";
import { createSubjectTools } from "./conformance-subject.ts";
import {
  ADA,
  metaChannel,
  metaEvent,
  metaWebhook,
  replyTo,
  textMessage,
  timestampOf,
} from "./whatsapp-meta-subject.ts";

const account = {
  url: "http://127.0.0.1:9/v26.0",
  phoneNumberId: "106540352242922",
  accessToken: "EAAtheaccesstokenofasystemuser0123456789",
  appSecret: "0123456789abcdef0123456789abcdef",
  verifyToken: "ourveryownverifytoken",
};
const BSUID = "US.13491208655302741918";

let log: ReturnType<typeof quietLog>;
beforeEach(() => {
  log = quietLog();
});

async function eventsOf(event: unknown): Promise<ChannelEvent[]> {
  const received = await (await metaChannel(account, { log })).receive(metaWebhook(account, event));
  if (received.kind !== "accepted") throw new Error("refused");
  return received.events;
}
const read = (message: Record<string, unknown>, value: Record<string, unknown> = {}) =>
  eventsOf(metaEvent(account, [message], value));
const ignored = () =>
  log.lines
    .filter(({ message }) => message === "whatsapp message ignored")
    .map(({ fields }) => fields["reason"]);

describe("a special WhatsApp message from Meta", () => {
  const edit = (message: unknown) => ({
    type: "edit",
    edit: { original_message_id: "wamid.first", message },
  });

  test("with an edit has the new text and its own id", async () => {
    const text = edit({ type: "text", text: { body: "I need 4 tickets" }, context: { id: "wamid.0" } });
    expect(await read({ ...text, id: "wamid.edit" })).toMatchObject([
      { eventKeys: ["message:wamid.edit"], text: "I need 4 tickets", conversation: { address: ADA } },
    ]);
    const caption = edit({
      type: "image",
      image: { id: "5", mime_type: "image/png", caption: "the left one" },
    });
    expect(await read(caption)).toMatchObject([
      { text: "the left one", attachments: [{ platformId: "5", kind: "image" }] },
    ]);
  });

  test.each<[string, unknown]>([
    ["without content", undefined],
    ["of an unknown form", { body: "x" }],
    ["of an edit", edit({ type: "text", text: { body: "x" } })],
  ])("with an edit %s is described as unreadable", async (_, message) => {
    expect(await read(edit(message))).toMatchObject([{ text: expect.stringContaining("cannot be read") }]);
  });

  test("is ignored if it withdraws another message, and the log says so", async () => {
    expect(await read({ type: "revoke", revoke: { original_message_id: "wamid.first" } })).toEqual([]);
    expect(ignored()).toEqual(["of the type revoke"]);
  });

  test("is ignored in a group, whatever its type is, and the log says so", async () => {
    for (const message of [
      textMessage("hi all"),
      { type: "image", image: { id: "1" } },
      edit(textMessage("x")),
    ])
      expect(await read({ ...message, group_id: "Y2FwaV9ncm91cDox" })).toEqual([]);
    expect(ignored()).toEqual(Array.from({ length: 3 }, () => "written in a group"));
  });
});

describe("the time of a WhatsApp message", () => {
  const hour = 3_600_000;
  const sentAt = async (timestamp: unknown) => {
    const [event] = await read({ ...textMessage("hello"), timestamp });
    return event?.type === "message" ? event.sentAt : "no message";
  };

  test("is the time that Meta gives, however late the message arrives", async () => {
    for (const ago of [0, hour, 3 * 24 * hour]) {
      const at = new Date(Math.floor((Date.now() - ago) / 1000) * 1000);
      expect(await sentAt(timestampOf(at))).toEqual(at);
      expect(await sentAt(Number(timestampOf(at)))).toEqual(at);
    }
  });

  test("is never later than now, and unknown if Meta gives no valid time", async () => {
    const before = Date.now();
    const future = await sentAt(timestampOf(new Date(before + 24 * hour)));
    expect(future).toBeInstanceOf(Date);
    expect(Number(future)).toBeGreaterThanOrEqual(before);
    expect(Number(future)).toBeLessThanOrEqual(Date.now());
    for (const odd of [undefined, "", "0", "-5", "yesterday", {}]) expect(await sentAt(odd)).toBeUndefined();
  });
});

describe("a WhatsApp message with a reference", () => {
  const referencesIn = async (message: Record<string, unknown>) => {
    const [event] = await read({ ...textMessage("How much is that one?"), ...message });
    return event?.type === "message" ? event.references : "no message";
  };

  test("names the message that it answers", async () => {
    expect(await referencesIn({ context: { from: "14155238886", id: "wamid.ours" } })).toEqual([
      { kind: "reply", externalId: "wamid.ours" },
    ]);
  });

  test("says that it was forwarded, or names its product", async () => {
    expect(await referencesIn({ context: { forwarded: true } })).toEqual([{ kind: "forward" }]);
    expect(await referencesIn({ context: { frequently_forwarded: true } })).toEqual([{ kind: "forward" }]);
    const product = { referred_product: { catalog_id: "1", product_retailer_id: "tea" } };
    expect(await referencesIn({ context: product })).toEqual([
      { kind: "quote", author: "the catalogue", text: "[product] tea" },
    ]);
  });

  test("does not name the message whose button was pressed", async () => {
    expect(await referencesIn(replyTo("x", "Yes"))).toBeUndefined();
    const button = { type: "button", button: { text: "Yes" }, context: { id: "wamid.ours" } };
    expect(await referencesIn(button)).toBeUndefined();
  });

  test("says from which advertisement its writer came", async () => {
    const referral = {
      source_type: "ad",
      source_id: "120",
      source_url: "https://fb.me/1",
      headline: "Spring offer",
      body: "20 % off",
      ctwa_clid: "Aff-1",
      welcome_message: { text: "Hi" },
      unknown: "x",
    };
    const [event] = await read({ ...textMessage("Hi"), referral });
    const { welcome_message, unknown, ...known } = referral;
    expect(event).toMatchObject({
      text: "Hi",
      metadata: { referral: known },
      references: [
        { kind: "quote", author: "an advertisement", text: "Spring offer | 20 % off | https://fb.me/1" },
      ],
    });
    expect(JSON.stringify(event)).not.toContain("welcome_message");
    expect(await read({ ...textMessage("Hi"), referral: { source_type: "post" } })).toMatchObject([
      { references: [{ kind: "quote", author: "a post" }], metadata: { referral: { source_type: "post" } } },
    ]);
  });
});

test("a user who opens the chat for the first time causes an arrival, not a message", async () => {
  expect(await read({ type: "request_welcome", id: "wamid.welcome" })).toEqual([
    {
      type: "arrival",
      eventKeys: ["message:wamid.welcome"],
      conversation: { address: ADA, userIdentifier: ADA, aliases: [], externalKey: null },
      userName: "Ada",
      profile: { wa_id: "491700000001" },
      sentAt: expect.any(Date),
    },
  ]);
});

describe("a message that the business writes with WhatsApp's own app", () => {
  const echo = (message: Record<string, unknown>) => {
    const event = metaEvent(account, []);
    const value = {
      ...event.entry[0]?.changes[0]?.value,
      message_echoes: [
        {
          from: "14155238886",
          to: "551188887777",
          id: "wamid.echo",
          timestamp: timestampOf(new Date()),
          ...message,
        },
      ],
    };
    return eventsOf({ entry: [{ changes: [{ field: "smb_message_echoes", value }] }] });
  };

  test("is an operator's message in the conversation with its recipient", async () => {
    expect(await echo(textMessage("Hi, this is Maria"))).toEqual([
      {
        type: "operator_message",
        eventKeys: ["message:wamid.echo"],
        externalId: "wamid.echo",
        conversation: {
          address: "whatsapp:+551188887777",
          userIdentifier: "whatsapp:+551188887777",
          aliases: ["whatsapp:+5511988887777"],
          externalKey: null,
        },
        author: { identifier: "14155238886", via: "whatsapp" },
        text: "Hi, this is Maria",
        sentAt: expect.any(Date),
      },
    ]);
    const document = { id: "7", filename: "plan.pdf", mime_type: "application/pdf" };
    expect(await echo({ type: "document", document })).toMatchObject([
      { type: "operator_message", text: "", attachments: [{ platformId: "7", name: "plan.pdf" }] },
    ]);
    const hidden = { ...textMessage("x"), to: undefined, to_user_id: BSUID };
    expect(await echo(hidden)).toMatchObject([
      { type: "operator_message", conversation: { userIdentifier: `whatsapp:${BSUID}` } },
    ]);
  });

  test("has the new text after an edit, and is ignored when it is withdrawn", async () => {
    const edited = { original_message_id: "wamid.0", message: textMessage("This is Maria!") };
    expect(await echo({ type: "edit", edit: edited })).toMatchObject([{ text: "This is Maria!" }]);
    expect(await echo({ type: "revoke", revoke: { original_message_id: "wamid.0" } })).toEqual([]);
    expect(await echo({ ...textMessage("to all"), group_id: "g" })).toEqual([]);
    const reaction = { message_id: "wamid.0", emoji: "👍" };
    expect(await echo({ type: "reaction", reaction })).toEqual([]);
    expect(ignored()).toEqual(["revoke", "text", "reaction"].map((type) => `an echo of the type ${type}`));
  });
});

test.each(["history", "smb_app_state_sync", "account_update"])(
  "an event of the field %s is ignored, and the log says so",
  async (field) => {
    const event = metaEvent(account, [textMessage("an old message")]);
    const [change] = event.entry[0]?.changes ?? [];
    expect(await eventsOf({ entry: [{ changes: [{ ...change, field }] }] })).toEqual([]);
    expect(log.lines).toMatchObject([
      { message: "an event of an unsupported kind was ignored", fields: { field } },
    ]);
  },
);

test.each<[string, Record<string, unknown>, string]>([
  ["of a poll", { type: "unsupported", unsupported: { type: "poll_creation" } }, "here: poll creation]"],
  ["of a new type", { type: "sketch", sketch: {} }, "here: sketch]"],
  ["without a kind", { type: "unsupported", errors: [{ code: 131051 }] }, "read here]"],
  ["with an invalid kind", { type: "unsupported", unsupported: { type: "<b>\n" } }, "read here]"],
])("a message %s that Meta does not pass on names its kind if that is known", async (_, message, words) => {
  const [event] = await read(message);
  expect(event).toMatchObject({
    text: expect.stringMatching(/^\[a message of a kind that cannot be read here/),
  });
  expect(event).toMatchObject({ text: expect.stringContaining(words) });
});

test("the text of a contact contains company, number, address and page", async () => {
  const contact = {
    name: { formatted_name: "Bob" },
    org: { company: "Bread Ltd" },
    phones: [{ wa_id: "49170" }],
    emails: [{ email: "bob@example.org" }],
    addresses: [{ street: "1 High St", zip: "12345", city: "Berlin" }],
    urls: [{ url: "https://example.org" }],
  };
  // One without anything leaves no gap.
  const nobody = { name: { formatted_name: "" } };
  expect(await read({ type: "contacts", contacts: [contact, nobody] })).toMatchObject([
    {
      text: "[contact] Bob, Bread Ltd, 49170, bob@example.org, 1 High St 12345 Berlin, https://example.org",
      details: {
        contacts: [
          { name: "Bob", company: "Bread Ltd", phones: ["49170"], emails: ["bob@example.org"] },
          { name: null, phones: [], emails: [] },
        ],
      },
    },
  ]);
});

test("a place becomes text and data", async () => {
  const location = { latitude: 52.52, longitude: 13.405, name: "Café" };
  expect(await read({ type: "location", location })).toMatchObject([
    { text: "[location] Café, 52.52, 13.405", details: { location: { ...location, address: null } } },
  ]);
  // Some gateways send text, and numbers may be no place on earth.
  expect(
    await read({ type: "location", location: { latitude: " 52.50", longitude: "-13.4" } }),
  ).toMatchObject([
    { text: "[location] 52.5, -13.4", details: { location: { latitude: 52.5, longitude: -13.4 } } },
  ]);
  for (const latitude of [90.1, "91", "north", "", 1e300])
    expect(await read({ type: "location", location: { ...location, latitude } })).toMatchObject([
      { text: expect.stringContaining("cannot be read here") },
    ]);
});

test("a reaction becomes text and data, and a removed reaction is ignored", async () => {
  const reaction = { message_id: "wamid.ours", emoji: "❤️" };
  expect(await read({ type: "reaction", reaction })).toMatchObject([
    {
      text: "[reaction] ❤️",
      details: { reaction },
      references: [{ kind: "reply", externalId: "wamid.ours" }],
    },
  ]);
  for (const taken of [{ message_id: "wamid.ours" }, { message_id: "wamid.ours", emoji: "" }, undefined])
    expect(await read({ type: "reaction", reaction: taken })).toEqual([]);
  expect(ignored()).toEqual(Array.from({ length: 3 }, () => "of the type reaction"));
});

test("a voice message that was played counts as read", async () => {
  const statuses = [{ id: "wamid.ours", status: "played", recipient_id: "491701234567" }];
  expect(await eventsOf(metaEvent(account, [], { statuses }))).toMatchObject([
    { type: "receipt", externalId: "wamid.ours", state: "read" },
  ]);
});

test("an error of the whole number is logged, and shown until a message is delivered again", async () => {
  await using fake = await startScriptedMeta();
  const channel = await metaChannel(fake, { log });
  const { errors, ...context } = createSubjectTools().startContext();
  await channel.start?.(context);
  await eventually(() => expect(errors).toEqual([null]));
  const tell = (value: Record<string, unknown>) =>
    channel.receive(metaWebhook(fake, metaEvent(fake, [], value)));
  const error = { code: 130429, title: "Rate limit hit", error_data: { details: "Too many messages" } };
  await tell({ errors: [error, "odd", { code: "none" }] });
  const words = "the sender has reached its limit of messages for the moment (130429)";
  expect(log.lines.filter(({ level }) => level === "warn")).toMatchObject([
    { fields: { code: 130429, reason: words } },
  ]);
  await tell({ statuses: [{ id: "wamid.1", status: "failed", errors: [error] }] });
  expect(new Set(errors.splice(1))).toEqual(new Set([words]));
  await tell({ statuses: [{ id: "wamid.1", status: "delivered" }] });
  await tell({ statuses: [{ id: "wamid.1", status: "read" }] });
  expect(errors).toEqual([null, null]);
  // Code 0 would mean a wrong token. A failure without a code says nothing of the connection.
  for (const why of [undefined, [], ["odd", { title: "No code" }]])
    await tell({ statuses: [{ id: "wamid.2", status: "failed", errors: why }] });
  expect(errors).toEqual([null, null]);
  await channel.stop?.();
});

describe("a system message from Meta", () => {
  const system = (fields: Record<string, unknown>, from?: string) =>
    read({ type: "system", from, system: { body: "changed", ...fields } });

  test("about a new business-scoped id moves the conversation, even without a number", async () => {
    expect(await system({ type: "user_changed_user_id", previous_user_id: BSUID, user_id: "US.2" })).toEqual([
      { type: "address_change", from: `whatsapp:${BSUID}`, to: "whatsapp:US.2" },
    ]);
  });

  test("about a new number moves the conversation from every form of the old number", async () => {
    expect(await system({ type: "user_changed_number", wa_id: "491700000009" }, "551188887777")).toEqual(
      ["551188887777", "5511988887777"].map((from) => ({
        type: "address_change",
        from: `whatsapp:+${from}`,
        to: "whatsapp:+491700000009",
      })),
    );
  });

  test("about a new number and a new id moves the conversation from both", async () => {
    const both = { wa_id: "491700000009", previous_user_id: BSUID, user_id: "US.2" };
    expect(await system({ type: "user_changed_number", ...both }, "491700000001")).toEqual([
      { type: "address_change", from: ADA, to: "whatsapp:+491700000009" },
      { type: "address_change", from: `whatsapp:${BSUID}`, to: "whatsapp:US.2" },
    ]);
  });

  test("about neither of them is ignored", async () => {
    expect(await system({ type: "customer_identity_changed" }, "491700000001")).toEqual([]);
    expect(await system({ type: "user_changed_number", wa_id: "491700000001" }, "491700000001")).toEqual([]);
    expect(ignored()).toEqual(["of the type system", "of the type system"]);
  });
});
