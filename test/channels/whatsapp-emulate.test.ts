import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createEmulator } from "emulate";
import { expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import type { Received } from "../../src/channels/channel-webhook.ts";
import { eventually } from "../support/eventually.ts";
import { createSubjectTools, partOf } from "./conformance-subject.ts";
import { ADA, whatsappChannel } from "./whatsapp-subject.ts";

// A Twilio emulator of other authors does not share our reading of the documentation. It has no window, no media and no
// error codes in callbacks. So it shows only that the requests and signatures fit.

const account = {
  accountSid: "AC0123456789abcdef0123456789abcdef",
  authToken: "5ecre7ab1e70ken0123456789abcdef0",
  from: "whatsapp:+14155238886",
};

/** The server for the emulated Twilio's webhooks, which passes them to the channel. */
async function startReceiver(channel: () => Channel) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = request.headers as Record<string, string>;
    const raw = {
      method: request.method ?? "",
      url: request.url ?? "",
      headers,
      body: Buffer.concat(chunks),
    };
    received.push(await channel().receive(raw));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, port, received, [Symbol.asyncDispose]: close };
}

async function freePort(): Promise<number> {
  await using server = await startReceiver(() => {
    throw new Error("nobody calls");
  });
  return server.port;
}

test("a message is read, answered, and its receipt understood on an emulated Twilio", async () => {
  let channel: Channel | null = null;
  await using receiver = await startReceiver(() => channel as Channel);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const emulator = await createEmulator({
    service: "twilio",
    port,
    baseUrl: url,
    seed: {
      twilio: {
        account: { sid: account.accountSid, auth_token: account.authToken },
        phone_numbers: [{ phone_number: account.from, sms_url: `${receiver.url}/webhooks/whatsapp?a=b` }],
      },
    },
  });
  const authorization = `Basic ${Buffer.from(`${account.accountSid}:${account.authToken}`).toString("base64")}`;
  const simulate = async (what: string, form: Record<string, string>) => {
    const body = new URLSearchParams(form);
    const response = await fetch(`${url}/_twilio/simulate/${what}`, {
      method: "POST",
      headers: { authorization },
      body,
    });
    expect([response.ok, await response.text()]).toEqual([true, expect.any(String)]);
  };
  try {
    channel = await whatsappChannel(
      { ...account, url },
      { publicUrl: { url: receiver.url, isPublic: true } },
    );
    const context = createSubjectTools().startContext();
    await channel.start?.(context);
    await eventually(() => expect(context.errors).toEqual([null]));

    const text = "Grüße 👋🏽 it's 5% + more";
    await simulate("inbound-message", { From: ADA, To: account.from, Body: text });
    await eventually(() =>
      expect(receiver.received).toMatchObject([
        { kind: "accepted", events: [{ type: "message", text, conversation: { address: ADA } }] },
      ]),
    );

    const sent = await channel.send(partOf(ADA, `You said: ${text}`), AbortSignal.timeout(10_000));
    if (sent.kind !== "sent") throw new Error(`not sent: ${JSON.stringify(sent)}`);
    const [externalId = ""] = sent.externalIds;
    const since = new Date(Date.now() - 60_000);
    const found = (words: string) =>
      channel?.findSent?.(partOf(ADA, words), since, AbortSignal.timeout(10_000));
    expect(await found(`You said: ${text}`)).toEqual([externalId]);
    expect(await found("never said")).toEqual([]);
    await simulate("message-status", { MessageSid: externalId, Status: "read" });
    await eventually(() =>
      expect(receiver.received.at(-1)).toMatchObject({
        kind: "accepted",
        events: [{ type: "receipt", externalId, state: "read" }],
      }),
    );
    expect(receiver.received.every(({ kind }) => kind === "accepted")).toBe(true);
  } finally {
    await channel?.stop?.();
    await emulator.close();
  }
});
