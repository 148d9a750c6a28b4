import { text } from "node:stream/consumers";
import twilio from "twilio";
import { describe, expect, it } from "vitest";
import { answerKeyword } from "../../src/simulator/sms/opt-outs.ts";
import { eventually } from "../support/eventually.ts";
import { startLoopbackServer } from "../support/loopback-server.ts";
import { startSimulator, type TestSimulator } from "../support/simulator.ts";

const ADA = "+491701234567";
const BELA = "+491707654321";

/** A program that gets forms from Twilio, and answers each with the result of `answer`. */
async function program(answer: (form: Record<string, string>) => string = () => "") {
  const forms: Record<string, string>[] = [];
  const signatures: string[] = [];
  const server = await startLoopbackServer(
    async (request, response) => {
      const form = Object.fromEntries(new URLSearchParams(await text(request)));
      forms.push(form);
      signatures.push(String(request.headers["x-twilio-signature"]));
      response.end(answer(form));
    },
    (response) => response.writeHead(500).end(),
  );
  return { server, forms, signatures };
}

/** The unchanged SDK. Its own property sends its calls to the simulator. */
function sdk({ settings }: TestSimulator): twilio.Twilio {
  const client = twilio(settings.TWILIO_SMS_ACCOUNT_SID, settings.TWILIO_SMS_AUTH_TOKEN);
  for (const product of [client.api, client.messaging, client.content])
    product.baseUrl = settings.TWILIO_SMS_API_BASE_URL ?? "";
  return client;
}

const seen = async (simulator: TestSimulator, chat: string) =>
  (await simulator.control("GET", `/sms/chats/${chat}`)).body;
const say = (simulator: TestSimulator, chat: string, words: string) =>
  simulator.control("POST", `/sms/chats/${chat}/messages`, { text: words });

describe("simulated SMS", () => {
  it("passes messages both ways, counts their segments, and reports what became of them", async () => {
    await using simulator = await startSimulator("sms");
    const { TWILIO_SMS_FROM: from = "", TWILIO_SMS_AUTH_TOKEN: token = "" } = simulator.settings;
    const { server, forms, signatures } = await program(({ Body, SmsStatus }) => {
      const answer = new twilio.twiml.MessagingResponse();
      if (SmsStatus === "received") answer.message(`You said: ${Body}`);
      return answer.toString();
    });
    const url = `${server.origin}/hook?tenant=1`;
    await simulator.control("POST", "/sms/webhook", { url });
    await say(simulator, `sms:${ADA}`, "x".repeat(161));
    await eventually(async () => expect(await seen(simulator, ADA)).toHaveLength(2));
    expect(await seen(simulator, ADA)).toMatchObject([
      { from: "user", via: "sms", segments: 2 },
      { from: "bot", text: expect.stringMatching(/^You said: x+$/), via: "sms", segments: 2 },
    ]);
    expect(forms[0]).toMatchObject({ From: ADA, To: from, NumSegments: "2", FromCountry: "DE" });
    expect(twilio.validateRequest(token, signatures[0] ?? "", url, forms[0] ?? {})).toBe(true);

    const statusCallback = `${server.origin}/status`;
    const client = sdk(simulator);
    const sent = await client.messages.create({ from, to: ADA, body: "Grüße 👋", statusCallback });
    expect([sent.status, sent.numSegments]).toEqual(["queued", "1"]);
    const statuses = () =>
      forms.filter(({ MessageSid }) => MessageSid === sent.sid).map((form) => form.MessageStatus);
    await eventually(() => expect(statuses()).toEqual(["sent", "delivered"]));
    expect(await client.messages.list({ to: ADA, from })).toHaveLength(2);
    const file = { name: "cat.png", content_type: "image/png", data: "iVBORw==" };
    await simulator.control("POST", `/sms/chats/${ADA}/messages`, { file });
    await eventually(() =>
      expect(forms.at(-1)).toMatchObject({ NumMedia: "1", MediaContentType0: "image/png" }),
    );

    await simulator.control("POST", "/faults", { platform: "sms", fault: "block_user", times: 1 });
    await client.messages.create({ from, to: BELA, body: "never seen", statusCallback });
    await eventually(() =>
      expect(forms.at(-1)).toMatchObject({ MessageStatus: "undelivered", ErrorCode: "30004" }),
    );
    expect(await seen(simulator, BELA)).toEqual([]);
    await server.close();
  });

  it("answers STOP, START and HELP as Twilio does, and refuses messages after a STOP", async () => {
    await using simulator = await startSimulator("sms");
    const { TWILIO_SMS_FROM: from = "" } = simulator.settings;
    const client = sdk(simulator);
    const create = (to: string) => client.messages.create({ from, to, body: "hello" });
    const { server, forms } = await program();
    await simulator.control("POST", "/sms/webhook", { url: server.origin });
    await say(simulator, `sms:${ADA}`, "stop");
    await eventually(() => expect(forms).toMatchObject([{ Body: "stop" }]));
    expect(await seen(simulator, ADA)).toMatchObject([
      { text: "stop" },
      { from: "bot", text: expect.stringContaining("successfully been unsubscribed") },
    ]);
    await expect(create(ADA)).rejects.toMatchObject({ status: 400, code: 21610 });
    await expect(create(BELA)).resolves.toMatchObject({ status: "queued" });
    await say(simulator, `sms:${ADA}`, "Start");
    await expect(create(ADA)).resolves.toMatchObject({ status: "queued" });
    await say(simulator, ADA, "STOP");
    expect((await simulator.control("POST", "/reset")).body).toEqual({ reset: true });
    await expect(create(ADA)).resolves.toMatchObject({ status: "queued" });
    await server.close();
  });

  it("sends by RCS through a Messaging Service, and by SMS to phones without it", async () => {
    await using simulator = await startSimulator("sms");
    const { TWILIO_MESSAGING_SERVICE_SID: messagingServiceSid = "", ...settings } = simulator.settings;
    const { TWILIO_SMS_FROM: from = "", TWILIO_RCS_SENDER: sender = "" } = settings;
    const { server, forms } = await program();
    await simulator.control("POST", "/sms/webhook", { url: server.origin });
    await say(simulator, `sms:${BELA}`, "by SMS");
    await say(simulator, ADA, "by RCS");
    await eventually(() => expect(forms).toHaveLength(2));
    expect(forms.map(({ From, To }) => [From, To]).sort()).toEqual([
      [BELA, from],
      [`rcs:${ADA}`, sender],
    ]);
    const client = sdk(simulator);
    const types = { "twilio/quick-reply": { body: "Better?", actions: [{ title: "Yes", id: "y" }] } };
    const template = await client.content.v1.contents.create({ types, language: "en" } as never);
    const common = { messagingServiceSid, fallbackFrom: from, statusCallback: server.origin };
    for (const to of [ADA, BELA]) await client.messages.create({ to, ...common, contentSid: template.sid });
    expect((await seen(simulator, ADA)).at(-1)).toMatchObject({ via: "rcs", buttons: ["Yes"] });
    const plain = (await seen(simulator, BELA)).at(-1);
    expect(plain).toMatchObject({ via: "sms", segments: 1, text: "Better?" });
    expect(plain).not.toHaveProperty("buttons");
    const statuses = (to: string) =>
      forms.filter(({ To, MessageStatus }) => To === to && MessageStatus).map((form) => form.MessageStatus);
    await eventually(() => expect(statuses(`rcs:${ADA}`)).toEqual(["sent", "delivered", "read"]));
    await eventually(() => expect(statuses(BELA)).toEqual(["sent", "delivered"]));
    await simulator.control("POST", `/sms/chats/${ADA}/press`, { label: "Yes" });
    await eventually(() => expect(forms.at(-1)).toMatchObject({ ButtonText: "Yes", ButtonPayload: "y" }));
    await server.close();
  });

  it("returns Twilio's error codes for wrong calls, and refuses what phones cannot do", async () => {
    await using simulator = await startSimulator("sms");
    const { TWILIO_SMS_FROM: from = "", TWILIO_RCS_SENDER: sender = "" } = simulator.settings;
    const client = sdk(simulator);
    const codeOf = (message: object) =>
      client.messages.create(message as never).then(
        () => null,
        ({ code }) => code,
      );
    for (const [message, code] of [
      [{ from: "+1", to: ADA, body: "a" }, 21606],
      [{ from: "rcs:other", to: `rcs:${ADA}`, body: "a" }, 63007],
      [{ from: sender, to: ADA, body: "a" }, 21211],
      [{ from, to: "ada", body: "a" }, 21211],
      [{ from, to: ADA }, 21602],
      [{ from, to: ADA, body: "x".repeat(1601) }, 21617],
      [{ to: ADA, body: "a" }, 21603],
      [{ messagingServiceSid: "MG0", to: ADA, body: "a" }, 21701],
      [{ from, fallbackFrom: from, to: ADA, body: "a" }, 21664],
      [{ from, to: ADA, body: "a", statusCallback: "ftp://x" }, 21609],
    ] as const)
      expect([message, await codeOf(message)]).toEqual([message, code]);
    const chat = `/sms/chats/${ADA}`;
    for (const [path, body] of [
      ["messages", { location: { latitude: 1, longitude: 2 } }],
      ["messages", { text: "a", reply_to: "SM1" }],
      ["messages", { text: "x".repeat(1601) }],
      ["react", { message: "a", emoji: "👍" }],
    ] as const)
      expect((await simulator.control("POST", `${chat}/${path}`, body)).status).toBe(422);
    await simulator.control("POST", "/faults", { platform: "sms", fault: "rate_limit" });
    expect(await codeOf({ from, to: ADA, body: "a" })).toBe(20429);
  });
});

it.each([
  [" stop ", false, { text: expect.stringContaining("unsubscribed"), isOptedOut: true }],
  ["STOPALL", true, { text: null, isOptedOut: true }],
  ["stop it", false, { text: null, isOptedOut: false }],
  ["start", true, { text: expect.stringContaining("re-subscribed"), isOptedOut: false }],
  ["yes", true, { text: expect.stringContaining("re-subscribed"), isOptedOut: false }],
  ["yes", false, { text: null, isOptedOut: false }],
  ["Help", false, { text: expect.stringContaining("Reply STOP"), isOptedOut: false }],
  ["hello", true, { text: null, isOptedOut: true }],
])(
  "to %j, after an opt-out: %j, Twilio answers with its own words only where it should",
  (text, isOptedOut, answer) => {
    expect(answerKeyword(text, isOptedOut)).toEqual(answer);
  },
);
