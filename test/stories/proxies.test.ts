import { once } from "node:events";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { messageWith } from "../channels/whatsapp-subject.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { createPacedBot } from "../support/paced-bot.ts";
import { hasProxy, type ProxyName, type ReverseProxy, SITE, startProxy } from "../support/reverse-proxy.ts";
import { type ScriptedTwilio, signedForm, startScriptedTwilio } from "../support/scripted-twilio.ts";

const bot = createPacedBot();
let app: TestApp;
let twilio: ScriptedTwilio;
const installed = (["nginx", "caddy"] as const).filter(hasProxy);

beforeAll(async () => {
  if (installed.length === 0) return;
  twilio = await startScriptedTwilio();
  app = await startTestApp({
    agents: { paced: { bot: { type: "paced" } }, echo: { bot: { type: "echo" } } },
    bots: { paced: bot.definition },
    channels: {
      api: { kind: "api", agent: "paced" },
      web: { kind: "web", agent: "echo" },
      whatsapp: {
        kind: "whatsapp",
        agent: "echo",
        provider: "twilio",
        accountSid: twilio.accountSid,
        authToken: twilio.authToken,
        from: twilio.from,
        apiBaseUrl: twilio.url,
      },
    },
    env: { CAUSEWAY_PUBLIC_URL: `https://${SITE}` },
  });
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await twilio?.[Symbol.asyncDispose]();
});

const keyed = () => ({ "x-api-key": app.apiKey, "content-type": "application/json" });
const newSession = async () => (await app.api("POST", "/chat/sessions", { agent_id: "paced" })).body.id;

describe.each<ProxyName>(["nginx", "caddy"])("the example configuration for %s", (name) => {
  test.skipIf(!installed.includes(name))(
    "passes signed webhooks, word-by-word streams, sockets and files, and keeps keyless routes private",
    async () => {
      await using proxy = await startProxy(name, app.url);
      if (name === "nginx") await redirectsToHttps(proxy);
      for (const path of ["/metrics", "/livez", "/readyz"]) {
        const inside = await proxy.ask("GET", path);
        inside.resume();
        expect([path, inside.statusCode]).toEqual([path, 403]);
      }

      // Signed for the public address, as Twilio does it.
      const { headers, body } = signedForm(
        `https://${SITE}/webhooks/whatsapp`,
        messageWith(twilio),
        twilio.authToken,
      );
      const post = async (text: string) => {
        const answer = await proxy.ask("POST", "/webhooks/whatsapp", { headers, body: text });
        answer.resume();
        return answer.statusCode;
      };
      expect(await post(body)).toBe(200);
      expect(await post(`${body}1`)).toBe(401);

      const visitor = async (origin: string) => {
        const headers = { origin, "content-type": "application/json" };
        const answer = await proxy.ask("POST", "/web/web/visitors", { headers, body: "{}" });
        answer.resume();
        return answer.statusCode;
      };
      expect(await visitor(`https://${SITE}`)).toBe(201);
      expect(await visitor("https://elsewhere.example")).toBe(403);

      await streams(proxy, name);
      await upgrades(proxy, name);

      const file = Buffer.alloc(3 * 1024 * 1024, "words ");
      const upload = await proxy.ask("POST", `/api/v1/chat/sessions/${await newSession()}/attachments`, {
        headers: { ...keyed(), "content-type": "text/plain" },
        body: file,
      });
      expect([upload.statusCode, await text(upload)]).toEqual([
        201,
        expect.stringContaining(`${file.length}`),
      ]);
    },
    240_000,
  );
});

/** Half an answer arrives while the other half is not written yet. */
async function streams(proxy: ReverseProxy, name: string): Promise<void> {
  const path = `/api/v1/chat/sessions/${await newSession()}/messages/stream`;
  const content = `stream by ${name}`;
  const stream = await proxy.ask("POST", path, { headers: keyed(), body: JSON.stringify({ content }) });
  let seen = "";
  stream.setEncoding("utf8").on("data", (piece: string) => {
    seen += piece;
  });
  const ended = once(stream, "end");
  const answer = await bot.asked(content);
  answer.write("first half, ");
  await eventually(() => expect(seen).toContain("first half"));
  answer.write("second half");
  answer.end();
  await ended;
  expect(seen).toMatch(/event: done\ndata: .*first half, second half/);
}

async function upgrades(proxy: ReverseProxy, name: string): Promise<void> {
  const url = `wss://${SITE}:${proxy.port}/api/v1/chat/sessions/${await newSession()}/ws`;
  const socket = new WebSocket(url, {
    ca: proxy.ca,
    headers: { host: SITE, authorization: `Bearer ${app.apiKey}` },
    lookup: (_host, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]),
  });
  const frames: { event: string }[] = [];
  socket.on("message", (bytes) => frames.push(JSON.parse(String(bytes))));
  await once(socket, "open");
  const content = `socket by ${name}`;
  socket.send(JSON.stringify({ type: "message", content }));
  const answer = await bot.asked(content);
  answer.write("Hello!");
  answer.end();
  await eventually(() => expect(frames.at(-1)?.event).toBe("done"));
  socket.close();
  await once(socket, "close");
}

async function redirectsToHttps({ plainPort }: ReverseProxy): Promise<void> {
  const sent = request({ host: "127.0.0.1", port: plainPort, path: "/chat/web", headers: { host: SITE } });
  sent.end();
  const [answer] = await once(sent, "response");
  answer.resume();
  expect([answer.statusCode, answer.headers.location]).toEqual([301, `https://${SITE}/chat/web`]);
}
