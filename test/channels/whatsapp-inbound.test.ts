import { describe, expect, test } from "vitest";
import { otherFormsOf, toAddress } from "../../src/channels/whatsapp/address.ts";
import { quietLog } from "../support/quiet-log.ts";
import { createSubjectTools } from "./conformance-subject.ts";
import { ADA, messageWith, webhook, whatsappChannel } from "./whatsapp-subject.ts";

const account = {
  url: "http://127.0.0.1:9",
  accountSid: "AC0123456789abcdef0123456789abcdef",
  authToken: "5ecre7ab1e70ken0123456789abcdef0",
  from: "whatsapp:+14155238886",
};

const receive = async (params: Record<string, string>, url?: string) =>
  (await whatsappChannel(account)).receive(webhook(account, params, url));

async function eventsOf(params: Record<string, string>, url?: string) {
  const received = await receive(params, url);
  if (received.kind !== "accepted") throw new Error(JSON.stringify(received));
  return received.events;
}

const message = (fields: Record<string, string>) => messageWith(account, fields);

test("a phone number in any form means the sender with that address", () => {
  const written = [
    "+49 (170) 123-4567",
    "00491701234567",
    "491701234567",
    "WhatsApp: +491701234567",
    "\u202a+49 (0)170 1234567\u202c",
  ];
  expect(new Set(written.map(toAddress))).toEqual(new Set(["whatsapp:+491701234567"]));
  // Nobody knows the country of the last one.
  for (const other of ["whatsapp:US.13491208655302741918", "ada", "0170 1234567"])
    expect(toAddress(other)).toBe(other);
});

test.each<[string, string | null]>([
  ["+5511988887777", "+551188887777"], // Brazil: the ninth digit
  ["+5511912345678", null], // never had eight digits
  ["+551133334444", null], // a landline
  ["+5215512345678", "+525512345678"], // Mexico: the 1
  ["+5491123456789", "+541123456789"], // Argentina: the 9
  ["+491701234567", null],
  ["US.13491208655302741918", null],
])("the number %s may also come as %s", (number, other) => {
  const forms = other === null ? [] : [`whatsapp:${other}`];
  expect(otherFormsOf(`whatsapp:${number}`)).toEqual(forms);
  for (const form of forms) expect(otherFormsOf(form)).toEqual([`whatsapp:${number}`]);
});

describe("a WhatsApp message", () => {
  test("is identified by its id, and its sender by the unchanged address", async () => {
    const params = message({ Body: "hello" });
    expect(await eventsOf(params)).toEqual([
      {
        type: "message",
        eventKeys: [`message:${params.MessageSid}`],
        conversation: { address: ADA, userIdentifier: ADA, aliases: [], externalKey: null },
        userName: "Ada",
        profile: { wa_id: "491700000001" },
        text: "hello",
      },
    ]);
  });

  test("may come from someone without a phone number", async () => {
    const From = "whatsapp:US.13491208655302741918";
    expect(await eventsOf(message({ From, WaId: "", Body: "hello" }))).toMatchObject([
      { conversation: { address: From, userIdentifier: From }, profile: {} },
    ]);
  });

  test("names its sender's WhatsApp id in every form, and keeps its sender without a number", async () => {
    const id = "US.13491208655302741918";
    for (const ExternalUserId of [id, `whatsapp:${id}`])
      expect(await eventsOf(message({ ExternalUserId, Body: "hello" }))).toMatchObject([
        { conversation: { userIdentifier: ADA, aliases: [`whatsapp:${id}`] }, profile: { user_id: id } },
      ]);
    const hidden = { From: `whatsapp:${id}`, ExternalUserId: `whatsapp:${id}`, WaId: "" };
    expect(await eventsOf(message({ ...hidden, Body: "hello" }))).toMatchObject([
      { conversation: { userIdentifier: `whatsapp:${id}`, aliases: [] }, profile: { user_id: id } },
    ]);
  });

  test("to another sender of the account is ignored, and the log says so", async () => {
    const log = quietLog();
    const channel = await whatsappChannel(account, { log });
    for (const To of ["whatsapp:+4915199999999", ""])
      expect(await channel.receive(webhook(account, message({ Body: "hello", To })))).toMatchObject({
        kind: "accepted",
        events: [],
      });
    expect(log.lines).toMatchObject([
      { level: "warn", fields: { to: "whatsapp:+4915199999999" } },
      { level: "warn", fields: { to: "" } },
    ]);
  });

  test.each<[string, Record<string, string>, object]>([
    [
      "a form",
      { MessageType: "interactive", InteractiveData: '{"a":1}' },
      { text: "[form]", payload: '{"a":1}' },
    ],
    [
      "a form with words",
      { MessageType: "interactive", Body: "Sent", FlowData: '{"a":1}', InteractiveData: "{}" },
      { text: "Sent", payload: '{"a":1}' },
    ],
    [
      "a line of a list with all its fields",
      { MessageType: "interactive", ListTitle: "Tuesday", ListId: "day:2", InteractiveData: "{}" },
      { text: "Tuesday", payload: "day:2" },
    ],
    [
      "a press without content",
      { MessageType: "interactive" },
      { text: expect.stringMatching(/cannot be read here: interactive\]$/) },
    ],
    [
      "a message that Twilio cannot pass on",
      { MessageType: "unsupported" },
      { text: expect.stringMatching(/cannot be read here\]$/) },
    ],
    ["an order", { MessageType: "order" }, { text: expect.stringMatching(/cannot be read here: order\]$/) }],
    [
      "a file that is missing",
      { MessageType: "image" },
      { text: expect.stringMatching(/cannot be read here: image\]$/) },
    ],
  ])("that is %s is described in words", async (_, fields, expected) => {
    expect(await eventsOf(message({ Body: "", ...fields }))).toMatchObject([expected]);
  });

  test("is acknowledged with an empty TwiML document", async () => {
    expect(await receive(message({ Body: "hello" }))).toMatchObject({
      kind: "accepted",
      response: { status: 200, contentType: expect.stringContaining("text/xml"), body: /<Response\/>$/ },
    });
  });

  test("that is a pressed button or a chosen line has its label and its payload", async () => {
    const button = message({ Body: "Yes", ButtonText: "Yes", ButtonPayload: "confirm:7" });
    expect(await eventsOf(button)).toMatchObject([{ text: "Yes", payload: "confirm:7" }]);
    const line = message({ ListTitle: "Tuesday", ListId: "day:2" });
    expect(await eventsOf(line)).toMatchObject([{ text: "Tuesday", payload: "day:2" }]);
  });

  test("keeps its media as attachments, with or without a caption", async () => {
    const MediaUrl0 = "https://api.twilio.com/2010-04-01/Accounts/AC0/Messages/MM0/Media/ME0";
    const media = { NumMedia: "2", MediaUrl0, MediaContentType0: "image/jpeg", MediaUrl1: `${MediaUrl0}1` };
    const attachments = [
      { kind: "image", platformId: MediaUrl0, contentType: "image/jpeg" },
      { kind: "file", platformId: `${MediaUrl0}1` },
    ];
    expect(await eventsOf(message({ ...media, Body: "look" }))).toMatchObject([
      { text: "look", attachments },
    ]);
    expect(await eventsOf(message({ ...media, Body: "" }))).toMatchObject([{ text: "", attachments }]);
  });

  test("with a wrong or invalid number of media is read, too", async () => {
    for (const NumMedia of ["1000000000", "-1", "many"])
      expect(await eventsOf(message({ NumMedia, Body: "hello" }))).toMatchObject([{ text: "hello" }]);
  });

  test("that is a place is described in words", async () => {
    const place = message({ Body: "", Latitude: "52.52", Longitude: "13.405", Label: "Berlin" });
    const location = { latitude: 52.52, longitude: 13.405, name: "Berlin", address: null };
    expect(await eventsOf(place)).toMatchObject([
      { text: "[location] Berlin, 52.52, 13.405", details: { location } },
    ]);
    const nowhere = message({ Body: "here", Latitude: "", Longitude: "200", Label: "Berlin" });
    expect(await eventsOf(nowhere)).toMatchObject([{ text: "here" }]);
  });

  test("that is a contact says so, and has the contact's file", async () => {
    const [MediaUrl0, MediaContentType0] = ["https://api.twilio.com/Media/ME0", "text/vcard"];
    const contact = message({
      Body: "",
      MessageType: "contacts",
      NumMedia: "1",
      MediaUrl0,
      MediaContentType0,
    });
    expect(await eventsOf(contact)).toMatchObject([
      { text: "[contact]", attachments: [{ kind: "file", contentType: "text/vcard" }] },
    ]);
  });

  test("that is a reaction names its message, and a removed reaction is ignored", async () => {
    const OriginalRepliedMessageSid = `SM${"a".repeat(32)}`;
    const reaction = { MessageType: "reaction", OriginalRepliedMessageSid };
    expect(await eventsOf(message({ ...reaction, Body: "👍" }))).toMatchObject([
      {
        text: "[reaction] 👍",
        details: { reaction: { emoji: "👍", message_id: OriginalRepliedMessageSid } },
        references: [{ kind: "reply", externalId: OriginalRepliedMessageSid }],
      },
    ]);
    expect(await eventsOf(message({ ...reaction, Body: "" }))).toEqual([]);
  });
});

test("an opt-out on WhatsApp and its end change who can be reached, and ask no bot", async () => {
  const unreachable = { code: "opted_out", reason: expect.stringContaining("STOP") };
  expect(await eventsOf(message({ Body: "STOP", OptOutType: "STOP" }))).toEqual([
    { type: "reachability", userIdentifier: ADA, aliases: [], unreachable },
  ]);
  expect(await eventsOf(message({ Body: "START", OptOutType: "START" }))).toEqual([
    { type: "reachability", userIdentifier: ADA, aliases: [], unreachable: null },
  ]);
  // The user may be known by the other form of the number, or by an id of WhatsApp.
  const From = "whatsapp:+551188887777";
  expect(await eventsOf(message({ From, ExternalUserId: "US.1", OptOutType: "STOP" }))).toMatchObject([
    { userIdentifier: From, aliases: ["whatsapp:+5511988887777", "whatsapp:US.1"] },
  ]);
});

describe("a WhatsApp message with a reference", () => {
  const referencesIn = async (fields: Record<string, string>) => {
    const [event] = await eventsOf(message({ Body: "How much is that one?", ...fields }));
    return event?.type === "message" ? event.references : "no message";
  };

  test("names the message that it answers, unless it is a press", async () => {
    const OriginalRepliedMessageSid = `SM${"a".repeat(32)}`;
    expect(await referencesIn({ OriginalRepliedMessageSid })).toEqual([
      { kind: "reply", externalId: OriginalRepliedMessageSid },
    ]);
    expect(await referencesIn({ OriginalRepliedMessageSid, ButtonPayload: "x" })).toBeUndefined();
    expect(await referencesIn({ OriginalRepliedMessageSid, ListId: "x" })).toBeUndefined();
  });

  test("says that it was forwarded", async () => {
    expect(await referencesIn({ Forwarded: "true" })).toEqual([{ kind: "forward" }]);
    expect(await referencesIn({ Forwarded: "false", FrequentlyForwarded: "false" })).toBeUndefined();
  });

  test("says from which advertisement its writer came", async () => {
    const referral = {
      ReferralSourceType: "ad",
      ReferralSourceId: "120",
      ReferralSourceUrl: "https://fb.me/1",
      ReferralHeadline: "Spring offer",
      ReferralBody: "x".repeat(3_000),
      ReferralCtwaClid: "Aff-1",
      ReferralNumMedia: "0",
    };
    expect(await eventsOf(message({ Body: "Hi", ...referral }))).toMatchObject([
      {
        text: "Hi",
        metadata: {
          referral: {
            source_type: "ad",
            source_id: "120",
            source_url: "https://fb.me/1",
            headline: "Spring offer",
            body: "x".repeat(2_000),
            ctwa_clid: "Aff-1",
          },
        },
        references: [
          { kind: "quote", author: "an advertisement", text: expect.stringContaining("Spring offer") },
        ],
      },
    ]);
    expect(await eventsOf(message({ Body: "Hi", ReferralNumMedia: "0" }))).toMatchObject([
      expect.not.objectContaining({ metadata: expect.anything() }),
    ]);
  });
});

describe("an opt-out word on WhatsApp", () => {
  const optOut = { type: "reachability", userIdentifier: ADA, unreachable: { code: "opted_out" } };

  test("counts in any spelling, but only if the message contains nothing else", async () => {
    for (const Body of ["STOP", "stop", " Stop. ", "Stop  all", "Unsubscribe!"])
      expect(await eventsOf(message({ Body }))).toMatchObject([optOut]);
    for (const Body of ["Stop it", "Please stop", "cancel", "end", "START", "STOP?", "stop..."])
      expect(await eventsOf(message({ Body }))).toMatchObject([{ type: "message", text: Body }]);
    const press = { Body: "Stop", ButtonPayload: "stop" };
    expect(await eventsOf(message(press))).toMatchObject([{ type: "message" }]);
    const photo = { Body: "Stop", NumMedia: "1", MediaUrl0: "https://api.twilio.com/ME1" };
    expect(await eventsOf(message(photo))).toMatchObject([{ type: "message" }]);
  });

  test("can be set in the configuration", async () => {
    const read = async (optOutWords: string[], Body: string) => {
      const channel = await whatsappChannel(account, { config: { optOutWords } });
      return channel.receive(webhook(account, message({ Body })));
    };
    expect(await read(["ALTO", "no más"], "No más")).toMatchObject({ events: [optOut] });
    expect(await read(["ALTO"], "STOP")).toMatchObject({ events: [{ type: "message" }] });
    expect(await read([], "STOP")).toMatchObject({ events: [{ type: "message" }] });
  });
});

describe("a captured form with moved borders between names and values", () => {
  // Twilio signs names and values without a separator, so each of these has a valid signature.
  const captured = message({ Body: "hello", MessageType: "text", OptOutType: "STOP", ButtonPayload: "yes" });
  const signature = webhook(account, captured).headers["x-twilio-signature"];
  const sid = captured.MessageSid;
  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(captured).filter(([name]) => !names.includes(name)));

  test.each<[string, Record<string, string>]>([
    ["into the id", { ...without("MessageSid", "MessageType"), MessageSid: `${sid}MessageTypetext` }],
    ["out of the id", { ...without("MessageSid"), [`MessageSid${sid.slice(0, 2)}`]: sid.slice(2) }],
    [
      "so that the id goes along with the field before it",
      {
        ...without("MessageSid", "From"),
        From: `${captured.From}MessageSid${sid}`,
      },
    ],
    ["so that an opt-out is part of a name", { ...without("OptOutType"), OptOutTypeST: "OP" }],
    [
      "so that an opt-out is part of a value",
      {
        ...without("NumSegments", "OptOutType"),
        NumSegments: `${captured.NumSegments}OptOutTypeSTOP`,
      },
    ],
    ["so that a status is part of a name", { ...without("SmsStatus"), SmsStatusrece: "ived" }],
  ])("%s is refused", async (_, params) => {
    const { headers, ...request } = webhook(account, params);
    expect(headers["x-twilio-signature"]).toBe(signature);
    expect(await (await whatsappChannel(account)).receive({ ...request, headers })).toMatchObject({
      kind: "rejected",
      status: 400,
    });
  });

  test("at harmless places is the same message, and unknown fields of Twilio are accepted", async () => {
    const moved = { ...without("Body", "ButtonPayload"), Body: "helloButtonPayloadyes" };
    expect(webhook(account, moved).headers["x-twilio-signature"]).toBe(signature);
    expect(await eventsOf(without("OptOutType"))).toMatchObject([{ eventKeys: [`message:${sid}`] }]);
    const more = {
      ...without("OptOutType"),
      MessageStatusReason: "x",
      OptOutTypeLocale: "en",
      ErrorCode: "",
    };
    expect(await eventsOf(more)).toMatchObject([{ text: "hello" }]);
  });
});

describe("a status callback", () => {
  const url = "/webhooks/whatsapp/status";
  const status = (MessageStatus: string, more: Record<string, string> = {}) =>
    eventsOf({ MessageSid: "SM9", MessageStatus, To: ADA, ...more }, url);

  test("becomes a receipt", async () => {
    for (const state of ["sent", "delivered", "read"])
      expect(await status(state)).toEqual([{ type: "receipt", externalId: "SM9", state }]);
    const named = await eventsOf({ MessageSid: "SM9", MessageStatus: "sent" }, `${url}?delivery=d1`);
    expect(named).toEqual([{ type: "receipt", externalId: "SM9", state: "sent", deliveryId: "d1" }]);
  });

  test("of a failure contains the reason", async () => {
    expect(await status("undelivered", { ErrorCode: "63024" })).toMatchObject([
      { state: "failed", errorCode: "twilio_63024", errorMessage: expect.stringContaining("63024") },
    ]);
    expect(await status("failed", { ErrorCode: "63016" })).toMatchObject([
      { state: "failed", errorCode: "window_closed", errorMessage: expect.stringContaining("24 hours") },
    ]);
    expect(await status("failed")).toMatchObject([{ state: "failed", errorCode: "twilio_failed" }]);
  });

  test.each<[string, string, object]>([
    ["the sender's limit", "63018", { meaning: "retry", afterMs: 5_000, scope: "connection" }],
    ["WhatsApp's own failure", "63012", { meaning: "retry", errorCode: "twilio_63012" }],
    ["a closed window", "63016", { meaning: "parked", errorCode: "window_closed" }],
    ["a file that cannot be loaded", "63019", { meaning: "retry", errorCode: "twilio_63019" }],
    ["an opt-out", "21610", { userUnreachable: true, errorCode: "opted_out" }],
  ])("of %s has the same meaning as in an answer", async (_, ErrorCode, expected) => {
    for (const state of ["failed", "undelivered"])
      expect(await status(state, { ErrorCode })).toMatchObject([{ state: "failed", ...expected }]);
  });

  test("about a problem of the whole sender is shown at the channel", async () => {
    const channel = await whatsappChannel(account, { config: { apiBaseUrl: "http://127.0.0.1:9" } });
    const { errors, ...context } = createSubjectTools().startContext();
    await channel.start?.(context);
    const failed = { MessageSid: "SM9", MessageStatus: "failed", ErrorCode: "63051" };
    await channel.receive(webhook(account, failed, url));
    expect(errors.some((error) => error?.includes("63051"))).toBe(true);
    await channel.stop?.();
  });

  test("of an intermediate step is ignored", async () => {
    for (const state of ["accepted", "queued", "sending", "partially_delivered"])
      expect(await status(state)).toEqual([]);
  });

  test("must be signed for its own URL", async () => {
    const signed = webhook(account, { MessageSid: "SM9", MessageStatus: "read" });
    const received = await (await whatsappChannel(account)).receive({ ...signed, url });
    expect(received).toMatchObject({ kind: "rejected", status: 401 });
  });
});
