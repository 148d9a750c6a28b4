import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Bot } from "../../src/bots/bot.ts";
import { definition } from "../../src/bots/webhook/index.ts";
import { keptLog } from "./quiet-log.ts";

export const SECRET = "0123456789abcdef0123456789abcdef";

export interface EndpointRequest {
  method: string;
  headers: IncomingMessage["headers"];
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
  body: any;
}

export interface Endpoint extends AsyncDisposable {
  url: string;
  requests: EndpointRequest[];
  connections: number;
  bot(settings?: Record<string, unknown>): Bot;
}

/** A bot of another author: a server that answers with `answer` and records its requests. */
export async function startEndpoint(
  answer: (request: EndpointRequest, response: ServerResponse) => void | Promise<void>,
): Promise<Endpoint> {
  const requests: EndpointRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const body = await text(incoming);
    const { method = "", headers } = incoming;
    const request = { method, headers, text: body, body: JSON.parse(body) };
    requests.push(request);
    await answer(request, response);
  });
  const endpoint = { connections: 0 };
  server.on("connection", () => {
    endpoint.connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/bot`;
  return {
    url,
    requests,
    get connections() {
      return endpoint.connections;
    },
    bot: (settings = {}) =>
      definition.create(definition.configSchema.parse({ url, secret: SECRET, ...settings }), {
        log: keptLog(),
      }),
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Answers with JSON. */
export function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** Answers with Server-Sent Events, one per pair of name and data. It stays open unless `end` is true. */
export function events(
  response: ServerResponse,
  list: readonly [event: string, data: unknown][],
  { end = false } = {},
): void {
  if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" });
  for (const [event, data] of list) response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  if (end) response.end();
}
