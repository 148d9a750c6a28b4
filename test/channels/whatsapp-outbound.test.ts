import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import {
  nextSid,
  type ScriptedTwilio,
  startScriptedTwilio,
  type TwilioFault,
} from "../support/scripted-twilio.ts";
import { partOf } from "./conformance-subject.ts";
import { ADA, PUBLIC_URL, type WhatsappOverrides, whatsappChannel } from "./whatsapp-subject.ts";

let fake: ScriptedTwilio;
let channel: Channel;
const connect = async (overrides?: WhatsappOverrides) => {
  channel = await whatsappChannel(fake, overrides);
};
beforeEach(async () => {
  fake = await startScriptedTwilio();
  await connect();
});
afterEach(async () => {
  await channel.stop?.();
  await fake.close();
});

const send = (text = "hello", address = ADA) =>
  channel.send(partOf(address, text), AbortSignal.timeout(10_000));
const hoursAgo = (hours: number) => async () => ({
  at: new Date(Date.now() - hours * 3_600_000),
  eventKeys: ["message:SM1"],
});
const template = () => ({ contentSid: fake.contentSid, variables: { 1: "your coach" } });

describe("a reply on WhatsApp", () => {
  test("is identified by the id that Twilio gives, and requests receipts", async () => {
    const result = await send("Grüße & + %");
    expect(fake.taken).toMatchObject([
      {
        to: ADA,
        body: "Grüße & + %",
        contentSid: null,
        statusCallback: `${PUBLIC_URL}/webhooks/whatsapp/status?delivery=delivery`,
      },
    ]);
    expect(result).toEqual({ kind: "sent", externalIds: [fake.taken[0]?.sid] });
  });

  test("keeps a text unchanged if that is configured, and finds it again", async () => {
    const part = { ...partOf(ADA, "# 5 is *your* code __12__"), format: "text" as const };
    const [since, soon] = [new Date(), AbortSignal.timeout(10_000)];
    fake.fail({ cut: "after" });
    expect(await channel.send(part, soon)).toMatchObject({ kind: "unknown" });
    expect(fake.taken).toMatchObject([{ body: "# 5 is *your* code __12__" }]);
    expect(await channel.findSent?.(part, since, soon)).toEqual([fake.taken[0]?.sid]);
  });

  test("with a file is found again after its answer was lost", async () => {
    const url = "https://example.org/a.png";
    const file = { kind: "image", name: null, contentType: "image/png", url } as const;
    const part = { ...partOf(ADA, url), file };
    const [since, soon] = [new Date(), AbortSignal.timeout(10_000)];
    expect(await channel.findSent?.(part, since, soon)).toEqual([]);
    fake.fail({ cut: "after" });
    expect(await channel.send(part, soon)).toMatchObject({ kind: "unknown" });
    expect(await channel.findSent?.(part, since, soon)).toEqual([fake.taken[0]?.sid]);
    expect(await channel.findSent?.(partOf(ADA, "words"), since, soon)).toEqual([]);
  });

  test("requests receipts at a local address if the API is local, too", async () => {
    await channel.stop?.();
    await connect({ publicUrl: { url: "http://127.0.0.1:3000", isPublic: false } });
    expect(await send()).toMatchObject({ kind: "sent" });
    const statusCallback = expect.stringContaining("http://127.0.0.1:3000/webhooks/whatsapp/status");
    expect(fake.taken).toMatchObject([{ statusCallback }]);
  });

  test("is sent without receipts if Twilio cannot call their address", async () => {
    fake.fail({ status: 400, code: 21609 });
    expect(await send()).toMatchObject({ kind: "sent" });
    expect(fake.taken).toMatchObject([{ statusCallback: null }]);
  });

  test.each<[string, TwilioFault, object]>([
    [
      "too many requests",
      { status: 429, code: 20429, retryAfter: 7 },
      { kind: "retry", scope: "connection", afterMs: 7_000 },
    ],
    [
      "too many requests, no time given",
      { status: 429, code: 20429 },
      { kind: "retry", scope: "connection", afterMs: 5_000 },
    ],
    [
      "the sender's limit",
      { status: 400, code: 63018 },
      { kind: "retry", scope: "connection", code: "twilio_63018" },
    ],
    ["a full queue", { status: 400, code: 30001 }, { kind: "retry", scope: "conversation" }],
    ["an opt-out", { status: 400, code: 21610 }, { kind: "failed", scope: "user", code: "opted_out" }],
    ["a closed window", { status: 400, code: 63016 }, { kind: "parked", code: "window_closed" }],
    ["a wrong sender", { status: 400, code: 63007 }, { kind: "failed", scope: "connection" }],
    [
      "a bad recipient",
      { status: 400, code: 21211 },
      { kind: "failed", scope: "conversation", code: "twilio_21211" },
    ],
    [
      "refused credentials",
      { status: 401, code: 20003 },
      { kind: "failed", scope: "connection", code: "twilio_20003" },
    ],
    ["Twilio's own failure", { status: 503, code: 20503 }, { kind: "retry", scope: "conversation" }],
    [
      "an error in the newer format",
      { status: 400, code: 63024, problem: true },
      { kind: "failed", code: "twilio_63024", reason: expect.stringContaining("refused by the test") },
    ],
    ["a proxy that refuses", { html: 403 }, { kind: "retry", scope: "connection", code: "twilio_http_403" }],
    ["a gateway without an answer", { html: 502 }, { kind: "unknown" }],
    ["a web page in place of an answer", { html: 200 }, { kind: "unknown" }],
    ["a connection cut", { cut: "before" }, { kind: "unknown" }],
  ])("after %s has the right result, and is tried once", async (_, fault, expected) => {
    fake.fail(fault);
    expect(await send()).toMatchObject(expected);
    expect(fake.requests()).toBe(1);
  });

  test('whose answer does not come in time has the result "unknown"', async () => {
    fake.fail({ hang: true });
    const result = await channel.send(partOf(ADA, "hello"), AbortSignal.timeout(300));
    expect(result).toMatchObject({ kind: "unknown", code: "twilio_aborted" });
  });

  test("is sent with the valid one of two auth tokens while the token is changed", async () => {
    await connect({
      config: { authToken: "0ld7okenthatwaspr0m0tedaway01234", secondaryAuthToken: fake.authToken },
    });
    expect([await send("one"), await send("two")]).toMatchObject([{ kind: "sent" }, { kind: "sent" }]);
    // From then on the working one is tried first.
    expect(fake.requests()).toBe(3);
    fake.revokeToken();
    expect(await send()).toMatchObject({ kind: "failed", scope: "connection", code: "twilio_20003" });
  });

  test("to an invalid WhatsApp address is not tried, and that is known in advance", async () => {
    expect(await channel.canReach?.("+491700000001")).toEqual({
      kind: "unreachable",
      code: "twilio_bad_address",
      reason: expect.stringContaining("it looks like whatsapp:+491701234567"),
    });
    expect(await send("hello", "+491700000001")).toMatchObject({
      kind: "failed",
      code: "twilio_bad_address",
    });
    expect(fake.requests()).toBe(0);
  });
});

describe("more than 24 hours after the user wrote", () => {
  test("the template is sent instead, without the text", async () => {
    await connect({ lastUserMessage: hoursAgo(25), config: { template: template() } });
    expect(await send("a reply")).toMatchObject({
      kind: "sent",
      note: { code: "window_closed", reason: expect.stringContaining("template") },
    });
    expect(fake.taken).toMatchObject([
      { body: null, contentSid: fake.contentSid, contentVariables: '{"1":"your coach"}' },
    ]);
  });

  test("without a template a reply waits with a reason, and nothing is sent", async () => {
    await connect({ lastUserMessage: hoursAgo(25) });
    const reason = expect.stringContaining("24 hours");
    expect(await send()).toEqual({ kind: "parked", code: "window_closed", reason });
    expect(fake.requests()).toBe(0);
  });

  test("also means a user who never wrote, but not 23 hours", async () => {
    await connect({ lastUserMessage: async () => null });
    expect(await send()).toMatchObject({ kind: "parked", code: "window_closed" });
    await connect({ lastUserMessage: hoursAgo(23) });
    expect(await send()).toMatchObject({ kind: "sent" });
  });

  test("only one template is sent per message, regardless of its parts and retries", async () => {
    await connect({ lastUserMessage: hoursAgo(25), config: { template: template() } });
    const send = (part: number) =>
      channel.send({ ...partOf(ADA, "text"), part }, AbortSignal.timeout(10_000));
    fake.fail({ status: 503, code: 20503 });
    expect(await send(0)).toMatchObject({ kind: "retry" });
    expect(await send(0)).toMatchObject({ kind: "sent" });
    expect(await send(1)).toMatchObject({ kind: "failed", code: "window_closed" });
    expect(fake.taken).toHaveLength(1);
  });

  test("according to Twilio alone, a reply waits, whatever messages are known", async () => {
    fake.fail({ status: 400, code: 63016 });
    expect(await send()).toMatchObject({ kind: "parked", code: "window_closed", refused: true });
  });

  test("according to Twilio alone, the template is sent, too", async () => {
    await connect({ config: { template: template() } });
    fake.fail({ status: 400, code: 63016 });
    expect(await send()).toMatchObject({ kind: "sent" });
    expect(fake.taken).toMatchObject([{ body: null, contentSid: fake.contentSid }]);
  });

  test("cannot be known while the database is down, so the reply is retried later", async () => {
    await connect({ lastUserMessage: () => Promise.reject(new Error("away")) });
    expect(await send()).toMatchObject({ kind: "retry", scope: "conversation" });
    expect(fake.requests()).toBe(0);
  });
});

describe("typing", () => {
  const typing = () => channel.typing?.(ADA, AbortSignal.timeout(10_000));

  test("shows under the user's last message, whichever process received it", async () => {
    const messageSid = fake.wrote();
    await connect({
      lastUserMessage: async () => ({ at: new Date(), eventKeys: [`message:${messageSid}`] }),
    });
    await typing();
    expect(fake.typing).toEqual([messageSid]);
  });

  test("is left out if no message is known, and its failure has no effect", async () => {
    await connect({ lastUserMessage: async () => null });
    await typing();
    await connect({ lastUserMessage: () => Promise.reject(new Error("away")) });
    await typing();
    expect(fake.requests()).toBe(0);
    await connect({ lastUserMessage: async () => ({ at: new Date(), eventKeys: [`message:${nextSid()}`] }) });
    fake.revokeToken();
    await typing();
    await fake.close();
    await typing();
    expect(fake.typing).toEqual([]);
  });
});
