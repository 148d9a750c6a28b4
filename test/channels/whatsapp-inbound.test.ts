import { describe, expect, test } from "vitest";
import { toAddress } from "../../src/channels/whatsapp/address.ts";
import { ADA, messageWith, webhook, whatsappChannel } from "./whatsapp-subject.ts";

const account = {
  url: "http://127.0.0.1:9",
  accountSid: "AC0123456789abcdef0123456789abcdef",
  authToken: "5ecre7ab1e70ken0123456789abcdef0",
  from: "whatsapp:+14155238886",
};

const receive = (params: Record<string, string>, url?: string) =>
  whatsappChannel(account).receive(webhook(account, params, url));

async function eventsOf(params: Record<string, string>, url?: string) {
  const received = await receive(params, url);
  if (received.kind === "rejected") throw new Error(received.message);
  return received.events;
}

const message = (fields: Record<string, string>) => messageWith(account, fields);

test("whom people call by a number is the sender with that address", () => {
  const written = ["+491701234567", "491701234567", "whatsapp:+491701234567", "whatsapp:491701234567"];
  expect(new Set(written.map(toAddress))).toEqual(new Set(["whatsapp:+491701234567"]));
  for (const other of ["whatsapp:US.13491208655302741918", "ada"]) expect(toAddress(other)).toBe(other);
});

describe("a WhatsApp message", () => {
  test("is known by its id, and its sender by the address as it is", async () => {
    const params = message({ Body: "hello" });
    expect(await eventsOf(params)).toEqual([
      {
        type: "message",
        eventKeys: [`message:${params.MessageSid}`],
        conversation: { address: ADA, userIdentifier: ADA, externalId: null },
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

  test("is acknowledged with an empty TwiML document", async () => {
    expect(await receive(message({ Body: "hello" }))).toMatchObject({
      kind: "accepted",
      response: { status: 200, contentType: expect.stringContaining("text/xml"), body: /<Response\/>$/ },
    });
  });

  test("that is a pressed button or a chosen line is its words, with what it carries", async () => {
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

  test("that counts more media than it has, or that cannot be counted, is read all the same", async () => {
    for (const NumMedia of ["1000000000", "-1", "many"])
      expect(await eventsOf(message({ NumMedia, Body: "hello" }))).toMatchObject([{ text: "hello" }]);
  });

  test("that is a place is read as words", async () => {
    const place = message({ Body: "", Latitude: "52.52", Longitude: "13.405", Label: "Berlin" });
    expect(await eventsOf(place)).toMatchObject([{ text: "[location] Berlin, 52.52, 13.405" }]);
  });
});

test("an opt-out on WhatsApp is told, and so is its end; Twilio has answered both itself", async () => {
  const unreachable = { code: "opted_out", reason: expect.stringContaining("STOP") };
  expect(await eventsOf(message({ Body: "STOP", OptOutType: "STOP" }))).toEqual([
    { type: "reachability", userIdentifier: ADA, unreachable },
  ]);
  expect(await eventsOf(message({ Body: "START", OptOutType: "START" }))).toEqual([
    { type: "reachability", userIdentifier: ADA, unreachable: null },
  ]);
});

describe("a status callback", () => {
  const url = "/webhooks/whatsapp/status";
  const status = (MessageStatus: string, more: Record<string, string> = {}) =>
    eventsOf({ MessageSid: "SM9", MessageStatus, To: ADA, ...more }, url);

  test("is a receipt", async () => {
    for (const state of ["sent", "delivered", "read"])
      expect(await status(state)).toEqual([{ type: "receipt", externalId: "SM9", state }]);
    const named = await eventsOf({ MessageSid: "SM9", MessageStatus: "sent" }, `${url}?delivery=d1`);
    expect(named).toEqual([{ type: "receipt", externalId: "SM9", state: "sent", deliveryId: "d1" }]);
  });

  test("of a failure says why", async () => {
    expect(await status("undelivered", { ErrorCode: "63024" })).toMatchObject([
      { state: "failed", errorCode: "twilio_63024", errorMessage: expect.stringContaining("63024") },
    ]);
    expect(await status("failed", { ErrorCode: "63016" })).toMatchObject([
      { state: "failed", errorCode: "window_closed", errorMessage: expect.stringContaining("24 hours") },
    ]);
    expect(await status("failed")).toMatchObject([{ state: "failed", errorCode: "twilio_failed" }]);
  });

  test("of a step on the way is nothing", async () => {
    for (const state of ["accepted", "queued", "sending", "partially_delivered"])
      expect(await status(state)).toEqual([]);
  });

  test("has to be signed for its own URL", async () => {
    const signed = webhook(account, { MessageSid: "SM9", MessageStatus: "read" });
    const received = await whatsappChannel(account).receive({ ...signed, url });
    expect(received).toMatchObject({ kind: "rejected", status: 401 });
  });
});
