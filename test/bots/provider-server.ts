import type { ServerResponse } from "node:http";
import { LLMock } from "@copilotkit/aimock";
import type { Bot } from "../../src/bots/bot.ts";
import { configSchema } from "../../src/bots/llm/config.ts";
import { createModelBot } from "../../src/bots/llm/model-bot.ts";
import { keptLog } from "./quiet-log.ts";

export const API_KEY = "sk-test-0123456789abcdef";

export interface ProviderServer extends AsyncDisposable {
  mock: LLMock;
  /** An `llm` bot that talks to this server. Further settings override. */
  bot(settings?: Record<string, unknown>): Bot;
  /** Puts a handler for unusual answers behind its own base URL. `closed` resolves when its connection closes. */
  odd(handler: (response: ServerResponse) => void): { baseUrl: string; closed: Promise<void> };
}

/** A provider's API on a free port, by a server that is not ours. */
export async function startProvider(
  options: ConstructorParameters<typeof LLMock>[0] = {},
): Promise<ProviderServer> {
  const mock = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent", chunkSize: 8, ...options });
  await mock.start();
  return {
    mock,
    bot: (settings = {}) => {
      const base = { baseUrl: `${mock.url}/v1`, apiKey: API_KEY, model: "test-model" };
      return createModelBot(configSchema.parse({ ...base, ...settings }), { log: keptLog() });
    },
    odd: (handler) => {
      const closed = new Promise<void>((resolve) => {
        mock.mount("/odd", {
          handleRequest: async (_, response) => {
            response.on("close", resolve);
            handler(response);
            return true;
          },
        });
      });
      return { baseUrl: `${mock.url}/odd/v1`, closed };
    },
    [Symbol.asyncDispose]: async () => {
      // After this nothing listens. The end of the client's idle connections comes seconds later and is not awaited.
      void mock.stop();
    },
  };
}

/** Begins a Server-Sent Events answer with these pieces of text and leaves it open. */
export function beginStream(response: ServerResponse, ...pieces: string[]): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const content of pieces) response.write(chunk({ choices: [{ index: 0, delta: { content } }] }));
}

/** One Server-Sent Event of the chat completions API. */
export function chunk(data: Record<string, unknown>): string {
  return `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", ...data })}\n\n`;
}
