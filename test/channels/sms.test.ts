import { expect, test } from "vitest";
import { definition } from "../../src/channels/sms/index.ts";
import { segmentsOf } from "../../src/core/text/sms-segments.ts";
import { startScriptedTwilio } from "../support/scripted-twilio.ts";
import { describeChannelConformance, noButtons, noStreams } from "./conformance.ts";
import { createSubjectTools, partOf } from "./conformance-subject.ts";
import { ADA, FROM, messageWith, RCS, smsChannel, smsSubject, webhook } from "./sms-subject.ts";

describeChannelConformance({
  kind: "sms",
  setup: ({ log }) => smsSubject(log),
  except: [...noStreams, ...noButtons],
});
describeChannelConformance({
  kind: "sms (rcs)",
  setup: ({ log }) => smsSubject(log, RCS),
  except: [...noStreams, ...noButtons],
});

test("one person over RCS and SMS is one user, and the Messaging Service decides how the answer goes", async () => {
  await using fake = await startScriptedTwilio({ from: FROM, rcs: RCS });
  const channel = await smsChannel(fake, { config: { rcs: RCS } });
  const eventsOf = async (fields: Record<string, string>) => {
    const received = await channel.receive(webhook(fake, messageWith(fake, { Body: "hello", ...fields })));
    return received.kind === "accepted" ? received.events : received;
  };
  const conversation = { address: ADA, userIdentifier: ADA, externalKey: null };
  for (const fields of [{ From: `rcs:${ADA}`, To: RCS.sender }, {}])
    expect(await eventsOf(fields)).toMatchObject([{ type: "message", text: "hello", conversation }]);
  expect(await eventsOf({ From: `rcs:${ADA}`, To: "rcs:another_agent" })).toEqual([]);
  const soon = AbortSignal.timeout(10_000);
  const since = new Date();
  const sent = await channel.send(partOf(ADA, "hello"), soon);
  expect(fake.taken).toMatchObject([{ to: ADA, sender: RCS.messagingServiceSid }]);
  expect(sent).toEqual({ kind: "sent", externalIds: [fake.taken[0]?.sid] });
  expect(await channel.findSent?.(partOf(ADA, "hello"), since, soon)).toEqual([fake.taken[0]?.sid]);
});

test("an RCS sender alone sends by RCS only", async () => {
  await using fake = await startScriptedTwilio({ from: RCS.sender });
  const channel = await smsChannel(fake);
  const soon = AbortSignal.timeout(10_000);
  const since = new Date();
  await channel.send(partOf(ADA, "hello"), soon);
  expect(fake.taken).toMatchObject([{ to: `rcs:${ADA}`, sender: RCS.sender, body: "hello" }]);
  expect(await channel.findSent?.(partOf(ADA, "hello"), since, soon)).toHaveLength(1);
});

test("a configuration of RCS that cannot work is refused, with the reason", () => {
  const problemsOf = (config: object) => {
    const account = { accountSid: "AC0", authToken: "token", from: FROM };
    const read = definition.configSchema.safeParse({ ...account, ...config });
    return (read.error?.issues ?? []).map(({ path, message }) => `${path.join(".")} ${message}`);
  };
  expect(problemsOf({ rcs: RCS })).toEqual([]);
  expect(problemsOf({ from: RCS.sender })).toEqual([]);
  expect(problemsOf({ from: RCS.sender, rcs: RCS })).toEqual([
    expect.stringMatching(/^from must be the number .* leave `rcs` out$/),
  ]);
  expect(problemsOf({ rcs: { sender: "acme", messagingServiceSid: "SM0" } })).toEqual([
    expect.stringMatching(/^rcs\.sender must be .*rcs:acme_agent/),
    expect.stringMatching(/^rcs\.messagingServiceSid is not the SID/),
  ]);
  expect(problemsOf({ rcs: { sender: RCS.sender } })).toEqual([expect.stringMatching(/^rcs\./)]);
});

test("STOP and START, which Twilio answers, ask no bot, but change who can be reached", async () => {
  await using fake = await startScriptedTwilio({ from: FROM });
  const channel = await smsChannel(fake, { config: { optOutWords: ["STOP", "Tschüss"] } });
  const eventsOf = async (fields: Record<string, string>) => {
    const received = await channel.receive(webhook(fake, messageWith(fake, fields)));
    return received.kind === "accepted" ? received.events : received;
  };
  for (const fields of [
    { Body: " stop. " },
    { Body: "TSCHÜSS!" },
    { Body: "bitte nicht", OptOutType: "STOP" },
  ])
    expect(await eventsOf(fields)).toMatchObject([
      { type: "reachability", userIdentifier: ADA, unreachable: { code: "opted_out" } },
    ]);
  const usual = await smsChannel(fake);
  for (const Body of ["revoke", "OptOut"]) {
    const received = await usual.receive(webhook(fake, messageWith(fake, { Body })));
    expect(received).toMatchObject({ events: [{ unreachable: { code: "opted_out" } }] });
  }
  expect(await eventsOf({ Body: "Start" })).toMatchObject([{ type: "reachability", unreachable: null }]);
  expect(await eventsOf({ Body: "info" })).toEqual([]);
  for (const Body of ["stop it", "Yes", "end"])
    expect(await eventsOf({ Body })).toMatchObject([
      { type: "message", text: Body, profile: { country: "DE" } },
    ]);
  const media = { Body: "STOP", NumMedia: "1", MediaUrl0: `${fake.url}/1`, MediaContentType0: "image/jpeg" };
  expect(await eventsOf(media)).toMatchObject([{ type: "message", attachments: [{ kind: "image" }] }]);
});

test("a sent text has no Markdown marks, and the log counts its segments", async () => {
  await using fake = await startScriptedTwilio({ from: FROM });
  const tools = createSubjectTools();
  const channel = await smsChannel(fake, { log: tools.log });
  const text = "**Hello** [there](https://example.org) 👋";
  await channel.send(partOf(ADA, text), AbortSignal.timeout(10_000));
  expect(fake.taken.map(({ to, body }) => [to, body])).toEqual([
    [ADA, expect.stringMatching(/^Hello there.*https:\/\/example\.org.*👋$/)],
  ]);
  const sent = { fields: { segments: 1, encoding: "ucs2" }, message: "sms sent" };
  expect(tools.logged()).toContainEqual(
    expect.objectContaining({ ...sent, fields: expect.objectContaining(sent.fields) }),
  );
  expect(await channel.send(partOf("whatsapp:+4917", "hello"), AbortSignal.timeout(10_000))).toMatchObject({
    kind: "failed",
    code: "twilio_bad_address",
  });
});

test.each([
  ["", 1, "gsm7"],
  ["a".repeat(160), 1, "gsm7"],
  ["a".repeat(161), 2, "gsm7"],
  ["a".repeat(306), 2, "gsm7"],
  ["a".repeat(307), 3, "gsm7"],
  ["€".repeat(80), 1, "gsm7"],
  ["€".repeat(81), 2, "gsm7"],
  ["ü ß Ñ Δ {}", 1, "gsm7"],
  ["’".repeat(70), 1, "ucs2"],
  ["’".repeat(71), 2, "ucs2"],
  ["👋".repeat(35), 1, "ucs2"],
  ["👋".repeat(36), 2, "ucs2"],
])("%j needs %i segments of %s", (text, segments, encoding) => {
  expect(segmentsOf(text)).toEqual({ segments, encoding });
});

test("phone numbers are recognized in every form that people write", () => {
  for (const written of [
    "+49 170 1234567",
    "0049 (170) 123-4567",
    "+49.170.1234567",
    "rcs:+491701234567",
    // Copied from a list of contacts, from a page, and from a letterhead.
    "\u202a+49 170 1234567\u202c",
    "tel:+49\u2011170\u20131234567",
    "+49 (0)170 1234567",
    "＋４９１７０１２３４５６７",
    "+٤٩١٧٠١٢٣٤٥٦٧",
  ])
    expect(definition.identifierOf?.(written)).toBe("+491701234567");
  expect(definition.identifierOf?.("0170 1234567")).toBe("0170 1234567");
});
