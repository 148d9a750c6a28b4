import { createHmac } from "node:crypto";
import { text } from "node:stream/consumers";
import twilio from "twilio";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type LoopbackServer, startLoopbackServer } from "../support/loopback-server.ts";
import { startSimulator, type TestSimulator } from "../support/simulator.ts";

const ADA = "491701234567";

interface Webhook {
  path: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** A program that receives webhooks, and answers each with the result of `answer`. */
async function program(
  answer: (webhook: Webhook) => string = () => "",
): Promise<{ server: LoopbackServer; taken: Webhook[] }> {
  const taken: Webhook[] = [];
  const server = await startLoopbackServer(
    async (request, response) => {
      const webhook = { path: request.url ?? "", headers: request.headers, body: await text(request) };
      taken.push(webhook);
      response.end(answer(webhook));
    },
    (response) => response.writeHead(500).end(),
  );
  return { server, taken };
}

/** The unchanged SDK. Its own property sends its calls to the simulator. */
function sdk({ settings }: TestSimulator): twilio.Twilio {
  const client = twilio(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN);
  for (const product of [client.api, client.messaging, client.content])
    product.baseUrl = settings.TWILIO_API_BASE_URL ?? "";
  return client;
}

const textsOf = async (simulator: TestSimulator, bot: string) => {
  const { body } = await simulator.control("GET", `/whatsapp/chats/${ADA}?bot=${bot}`);
  return body.map((message: { text: string }) => message.text);
};

describe("simulated WhatsApp through Twilio", () => {
  it("signs what it posts as Twilio does, and serves the twilio SDK", async () => {
    await using simulator = await startSimulator("whatsapp");
    const { server, taken } = await program();
    const url = `${server.origin}/hook?tenant=1`;
    await simulator.control("POST", "/whatsapp/webhook", { url });
    await simulator.control("POST", `/whatsapp/chats/${ADA}/messages`, { text: "Grüße & mehr" });
    await eventually(() => expect(taken).toHaveLength(1));
    const fields = Object.fromEntries(new URLSearchParams(taken[0]?.body));
    expect(fields).toMatchObject({
      Body: "Grüße & mehr",
      From: `whatsapp:+${ADA}`,
      WaId: ADA,
      NumMedia: "0",
    });
    const { TWILIO_AUTH_TOKEN: token = "", TWILIO_WHATSAPP_FROM: from = "" } = simulator.settings;
    const signature = String(taken[0]?.headers["x-twilio-signature"]);
    expect(twilio.validateRequest(token, signature, url, fields)).toBe(true);

    const statusCallback = `${server.origin}/status`;
    const sent = await sdk(simulator).messages.create({
      from,
      to: `whatsapp:+${ADA}`,
      body: "Hello",
      statusCallback,
    });
    expect(sent.status).toBe("queued");
    await eventually(() => {
      const statuses = taken.slice(1).map(({ body }) => new URLSearchParams(body).get("MessageStatus"));
      expect(statuses).toEqual(["sent", "delivered", "read"]);
    });
    expect(await textsOf(simulator, "twilio")).toEqual(["Grüße & mehr", "Hello"]);
    await server.close();
  });

  it("shows the messages of a TwiML answer", async () => {
    await using simulator = await startSimulator("whatsapp");
    const { server } = await program(({ body }) => {
      const answer = new twilio.twiml.MessagingResponse();
      answer.message(`You said: ${new URLSearchParams(body).get("Body")}`);
      return answer.toString();
    });
    await simulator.control("POST", "/whatsapp/webhook", { url: server.origin });
    await simulator.control("POST", `/whatsapp/chats/${ADA}/messages`, { text: "1 < 2" });
    await eventually(async () =>
      expect(await textsOf(simulator, "twilio")).toEqual(["1 < 2", "You said: 1 < 2"]),
    );
    const { body: bold } = await simulator.control("POST", `/whatsapp/chats/${ADA}/messages`, {
      text: "*1* < 2",
    });
    expect(bold).toMatchObject({ text: "*1* < 2", markdown: "**1** \\< 2" });
    await server.close();
  });

  it("after 24 hours accepts only templates, and reports other messages as failed", async () => {
    await using simulator = await startSimulator("whatsapp");
    const { server, taken } = await program();
    const { TWILIO_WHATSAPP_FROM: from = "" } = simulator.settings;
    const client = sdk(simulator);
    const to = `whatsapp:+${ADA}`;
    await simulator.control("POST", `/whatsapp/chats/${ADA}/messages`, { text: "hi" });
    await simulator.control("POST", "/clock", { forward_seconds: 24 * 3600 });
    await client.messages.create({ from, to, body: "too late", statusCallback: server.origin });
    await eventually(() => {
      const status = Object.fromEntries(new URLSearchParams(taken[0]?.body));
      expect(status).toMatchObject({ MessageStatus: "failed", ErrorCode: "63016" });
    });
    const template = await client.content.v1.contents.create({
      friendlyName: "again",
      language: "en",
      types: { "twilio/quick-reply": { body: "Hello {{1}}", actions: [{ title: "Yes", id: "y" }] } },
    } as never);
    await client.messages.create({ from, to, contentSid: template.sid, contentVariables: '{"1":"Ada"}' });
    const { body } = await simulator.control("GET", `/whatsapp/chats/${ADA}`);
    expect(body.at(-1)).toMatchObject({ text: "Hello Ada", buttons: ["Yes"] });
    expect(body.map((message: { text: string }) => message.text)).not.toContain("too late");
    expect((await simulator.control("POST", `/whatsapp/chats/${ADA}/press`, { label: "Yes" })).status).toBe(
      201,
    );
    const types = {
      "whatsapp/flows": { body: "When?", button_text: "Book", flow_id: "1", flow_token: "t1" },
    };
    const flow = await client.content.v1.contents.create({ language: "en", types } as never);
    await client.messages.create({ from, to, contentSid: flow.sid });
    await simulator.control("POST", "/whatsapp/webhook", { url: server.origin });
    const form = { label: "Book", form: { day: "Monday" } };
    await simulator.control("POST", `/whatsapp/chats/${ADA}/press`, form);
    await eventually(() => {
      const forms = taken.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
      const answer = forms.find(({ MessageType }) => MessageType === "interactive") ?? {};
      expect(JSON.parse(answer.InteractiveData ?? "")).toEqual({ day: "Monday", flow_token: "t1" });
    });
    await client.messages.create({ from, to, body: "in time again" });
    expect(await textsOf(simulator, "twilio")).toContain("in time again");
    await server.close();
  });

  it("returns Twilio's error codes for wrong calls", async () => {
    await using simulator = await startSimulator("whatsapp");
    const { TWILIO_WHATSAPP_FROM: from = "" } = simulator.settings;
    const client = sdk(simulator);
    const to = `whatsapp:+${ADA}`;
    const create = (message: object) => client.messages.create(message as never);
    await expect(create({ from: "whatsapp:+1", to, body: "a" })).rejects.toMatchObject({
      status: 400,
      code: 63007,
    });
    await expect(create({ from, to: "whatsapp:ada", body: "a" })).rejects.toMatchObject({ code: 21211 });
    await expect(create({ from, to })).rejects.toMatchObject({ code: 21602 });
    await expect(create({ from, to, body: "x".repeat(1601) })).rejects.toMatchObject({ code: 21617 });
    const stranger = sdk({ ...simulator, settings: { ...simulator.settings, TWILIO_AUTH_TOKEN: "wrong" } });
    await expect(stranger.messages.list()).rejects.toMatchObject({ status: 401, code: 20003 });
    await simulator.control("POST", "/faults", { platform: "whatsapp", fault: "rate_limit" });
    await expect(create({ from, to, body: "a" })).rejects.toMatchObject({ status: 429, code: 20429 });
  });
});

describe("simulated WhatsApp through Meta", () => {
  it("checks the webhook, signs its events, and accepts texts, buttons and files", async () => {
    await using simulator = await startSimulator("whatsapp");
    const { settings } = simulator;
    const { server, taken } = await program(
      ({ path }) => new URL(path, "http://localhost").searchParams.get("hub.challenge") ?? "",
    );
    await simulator.control("POST", "/whatsapp/webhook", { url: `${server.origin}/meta`, bot: "meta" });
    await simulator.control("POST", `/whatsapp/chats/${ADA}/messages`, { text: "hi", bot: "meta" });
    await eventually(() => expect(taken).toHaveLength(2));
    expect(taken[0]?.path).toContain(`hub.verify_token=${settings.META_VERIFY_TOKEN}`);
    const signature = createHmac("sha256", settings.META_APP_SECRET ?? "")
      .update(taken[1]?.body ?? "")
      .digest("hex");
    expect(taken[1]?.headers["x-hub-signature-256"]).toBe(`sha256=${signature}`);

    const call = async (payload: object) => {
      const response = await fetch(
        `${settings.META_API_BASE_URL}/${settings.META_PHONE_NUMBER_ID}/messages`,
        {
          method: "POST",
          headers: {
            authorization: `Bearer ${settings.META_ACCESS_TOKEN}`,
            "content-type": "application/json",
          },
          body: JSON.stringify({ messaging_product: "whatsapp", to: ADA, ...payload }),
        },
      );
      // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
      return { status: response.status, body: (await response.json()) as any };
    };
    const buttons = [{ type: "reply", reply: { id: "y", title: "Yes" } }];
    const interactive = { type: "button", body: { text: "Really?" }, action: { buttons } };
    const { body: sent } = await call({ type: "interactive", interactive, biz_opaque_callback_data: "mine" });
    const values = () =>
      taken.flatMap(({ body }) => (body === "" ? [] : [JSON.parse(body).entry[0].changes[0].value]));
    // Receipts of the bot's messages may come after a person's message.
    const messages = () => values().flatMap((value) => value.messages ?? []);
    await eventually(() => {
      const statuses = values().flatMap((value) => value.statuses ?? []);
      expect(statuses.map(({ status }) => status)).toEqual(["sent", "delivered", "read"]);
      expect(statuses[0]).toMatchObject({ id: sent.messages[0].id, biz_opaque_callback_data: "mine" });
    });
    await simulator.control("POST", `/whatsapp/chats/${ADA}/press`, { label: "Yes", bot: "meta" });
    await eventually(() => {
      const last = messages().at(-1);
      expect(last.interactive.button_reply).toEqual({ id: "y", title: "Yes" });
    });
    const parameters = { flow_message_version: "3", flow_id: "1", flow_cta: "Book", flow_token: "t1" };
    const flow = { type: "flow", body: { text: "When?" }, action: { name: "flow", parameters } };
    await call({ type: "interactive", interactive: flow });
    const { body: shown } = await simulator.control("GET", `/whatsapp/chats/${ADA}?bot=meta`);
    expect(shown.at(-1)).toMatchObject({ text: "When?", buttons: ["Book"], form: "Book" });
    const form = { day: "Monday" };
    await simulator.control("POST", `/whatsapp/chats/${ADA}/press`, { label: "Book", bot: "meta", form });
    await eventually(() => {
      const last = messages().at(-1);
      const { response_json: answers, ...nfm } = last.interactive.nfm_reply;
      expect(nfm).toEqual({ name: "flow", body: "Sent" });
      expect(JSON.parse(answers)).toEqual({ day: "Monday", flow_token: "t1" });
    });
    const nameless = { ...flow, action: { name: "flow", parameters: { ...parameters, flow_id: undefined } } };
    expect((await call({ type: "interactive", interactive: nameless })).body.error.code).toBe(131009);
    expect((await call({ type: "text", text: { body: "" } })).body.error.code).toBe(100);
    const long = {
      ...interactive,
      action: { buttons: [{ type: "reply", reply: { id: "y", title: "x".repeat(21) } }] },
    };
    expect((await call({ type: "interactive", interactive: long })).body.error.code).toBe(131009);

    await simulator.control("POST", "/faults", { platform: "whatsapp", fault: "block_user", times: 1 });
    const { body: lost } = await call({ type: "text", text: { body: "never seen" } });
    await eventually(() => {
      const status = values()
        .flatMap((value) => value.statuses ?? [])
        .find(({ id }) => id === lost.messages[0].id);
      expect(status).toMatchObject({ status: "failed", errors: [{ code: 131026 }] });
    });
    await server.close();
  });
});
