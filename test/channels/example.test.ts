import { createHmac } from "node:crypto";
import { json } from "node:stream/consumers";
import { definition } from "../../docs/examples/channel/index.ts";
import type { RawRequest } from "../../src/channels/channel-webhook.ts";
import { nothingKnown } from "../support/channel-values.ts";
import { startLoopbackServer } from "../support/loopback-server.ts";
import { describeChannelConformance, noButtons, noStreams } from "./conformance.ts";
import type { ConformanceSubject, VendorFault } from "./conformance-subject.ts";

const TOKEN = "the-token-of-pebble";
const SECRET = "the-secret-of-pebble";
const STATUS: Partial<Record<VendorFault, number>> = {
  rate_limited: 429,
  recipient_gone: 404,
  credentials_revoked: 401,
  server_error: 500,
};

let lastId = 0;

function webhook(
  body: string,
  signature = createHmac("sha256", SECRET).update(body).digest("hex"),
): RawRequest {
  const headers = { "content-type": "application/json", "x-pebble-signature": signature };
  return { method: "POST", url: "/webhooks/pebble", headers, body: Buffer.from(body) };
}

const event = (fields: object) => JSON.stringify({ id: `m${++lastId}`, type: "message", ...fields });
const written = (text: string) => event({ from: { id: "ada", name: "Ada" }, text });

async function subject(): Promise<ConformanceSubject> {
  const received: string[] = [];
  let next: VendorFault | null = null;
  const server = await startLoopbackServer(
    async (request, response) => {
      const message = request.method === "POST" ? ((await json(request)) as { text: string }) : null;
      const fault = next;
      next = null;
      const status = fault === null ? 200 : (STATUS[fault] ?? 200);
      if (message !== null && status === 200) received.push(message.text);
      if (fault === "answer_lost") return request.socket.destroy();
      return response.writeHead(status, { "retry-after": "7" }).end("{}");
    },
    (response) => response.destroy(),
  );
  const config = definition.configSchema.parse({
    apiUrl: server.origin,
    token: TOKEN,
    webhookSecret: SECRET,
  });
  const publicUrl = { url: "http://127.0.0.1:3000", isPublic: false };
  const none = () => undefined;
  const log = { child: () => log, debug: none, info: none, warn: none, error: none };
  const channel = await definition.create({ ...nothingKnown(), name: "pebble", config, publicUrl, log });
  return {
    channel,
    definition,
    address: "ada",
    secrets: [TOKEN, SECRET],
    inbound: {
      message: (text) => webhook(written(text)),
      forged: (text) => ["", "guess", "0".repeat(64)].map((signature) => webhook(written(text), signature)),
      malformed: () => ["{", "[]", "{}", event({ text: "x" })].map((body) => webhook(body)),
      unknownEvents: () => [webhook(event({ type: "typing" }))],
      fromBots: () => [webhook(event({ from: { id: "bot", isBot: true }, text: "beep" }))],
    },
    platform: {
      received: () => received,
      async fail(fault) {
        if (fault === "unreachable") await server.close();
        else next = fault;
      },
      openConnections: server.openConnections,
    },
    async [Symbol.asyncDispose]() {
      await channel.stop?.();
      await server.close();
    },
  };
}

describeChannelConformance({
  kind: "pebble",
  isExample: true,
  setup: subject,
  except: [...noStreams, ...noButtons],
});
