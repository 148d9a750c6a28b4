import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestApp } from "../support/app.ts";
import { browserPath, startBrowser } from "../support/browser.ts";
import { startChatApp } from "./chat-app.ts";

const client = new URL("../../dist/client/", import.meta.url);

/** Another company's site: a page, the shipped client, and a proxy for `/api/v1` with the key that no browser sees. */
async function startSite(target: string, apiKey: string) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://site");
    if (pathname === "/") return void response.setHeader("Content-Type", "text/html").end("<!doctype html>");
    if (pathname.startsWith("/client/")) {
      response.setHeader("Content-Type", "text/javascript");
      return void response.end(readFileSync(new URL(pathname.slice("/client/".length), client)));
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "GET", url = "/", headers } = request;
    const passed = ["content-type", "idempotency-key", "last-event-id", "if-match", "accept"].flatMap(
      (name) => (headers[name] === undefined ? [] : [[name, String(headers[name])] as [string, string]]),
    );
    const answer = await fetch(`${target}${url}`, {
      method,
      headers: { ...Object.fromEntries(passed), authorization: `Bearer ${apiKey}` },
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    for await (const chunk of answer.body ?? []) response.write(chunk);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe.skipIf(browserPath === null)("the client in a browser", () => {
  let app: TestApp;
  let site: Awaited<ReturnType<typeof startSite>>;
  let browser: Browser;
  beforeAll(async () => {
    app = await startChatApp();
    site = await startSite(app.url, app.apiKey);
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
    await app?.[Symbol.asyncDispose]();
  });

  /** Runs a script on the site's page, with the client loaded. */
  async function onPage<T>(script: string): Promise<T> {
    const page = await browser.newPage();
    try {
      await page.goto(site.url);
      return await page.evaluate<T>(
        `(async () => { const { Causeway, CausewayError } = await import("/client/index.js"); ${script} })()`,
      );
    } finally {
      await page.close();
    }
  }

  it("streams and lists through the site's own server, without a key", async () => {
    const seen = await onPage<{ text: string; last: string; roles: string[]; etag: string }>(`
      const client = new Causeway({ baseUrl: location.origin });
      const user = { identifier: "browser" };
      const session = await client.chat.createSession({ agentId: "echo", user, metadata: { own_key: 1 } });
      let text = "", last = "";
      for await (const event of client.chat.sendMessageStream(session.id, { content: "Hello!" })) {
        if (event.type === "content") text += event.content;
        last = event.type;
      }
      const roles = [];
      for await (const message of client.chat.listMessages(session.id, { limit: 1 })) roles.push(message.role);
      const { etag } = await client.users.mergeData(session.userId, "echo", { tea: "green" });
      return { text, last, roles, etag };`);
    expect(seen).toEqual({
      text: "You said: Hello!",
      last: "done",
      roles: ["user", "assistant"],
      etag: '"1"',
    });
  });

  it("opens a session's WebSocket with a token from its server, on any host", async () => {
    const frames = await onPage<string[]>(`
      const client = new Causeway({ baseUrl: location.origin });
      const session = await client.sessions.create({ agentId: "echo" });
      const { path } = await client.sessions.socketToken(session.id);
      const socket = new WebSocket(${JSON.stringify(app.url.replace("http", "ws"))} + path);
      await new Promise((resolve) => { socket.onopen = resolve; });
      const events = [];
      const done = new Promise((resolve) => {
        socket.onmessage = ({ data }) => {
          events.push(JSON.parse(data).event);
          if (events.at(-1) === "done") resolve();
        };
      });
      socket.send(JSON.stringify({ type: "message", content: "Hello!" }));
      await done;
      socket.close();
      return events;`);
    expect(frames).toEqual(["execution", "content", "done"]);
  });

  it("cannot call the API from another site, even with a key, because keys do not belong in pages", async () => {
    const refused = await onPage<{ ours: boolean; code: string }>(`
      const client = new Causeway({ baseUrl: ${JSON.stringify(app.url)}, apiKey: "${app.apiKey}", maxRetries: 0 });
      return client.sessions.list().catch((error) => ({ ours: error instanceof CausewayError, code: error.code }));`);
    expect(refused).toEqual({ ours: true, code: "connection_failed" });
  });
});
