import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { Bot } from "../../src/bots/bot.ts";
import { configSchema } from "../../src/bots/llm/config.ts";
import { createModelBot } from "../../src/bots/llm/model-bot.ts";
import { startLoopbackServer } from "../support/loopback-server.ts";
import { keptLog } from "./quiet-log.ts";

export interface ChatMessage {
  role: string;
  content: unknown;
  tool_calls?: unknown[];
}

/** A request to a server of the chat completions API. */
export interface ChatBody {
  model: string;
  messages: ChatMessage[];
  stream?: boolean;
  [key: string]: unknown;
}

/** The reason why a server refuses a request; null if it accepts it. */
export type Rule = (body: ChatBody) => string | null;

/** The answer: whole events of a stream, or a function that writes it. */
export type Answer = readonly (object | string)[] | ((response: ServerResponse, body: ChatBody) => void);

export interface ChatServer extends AsyncDisposable {
  baseUrl: string;
  /** Every request, also the refused ones. */
  requests: readonly ChatBody[];
  headers: readonly IncomingMessage["headers"][];
  urls: readonly string[];
  bot(settings?: Record<string, unknown>): Bot;
}

export interface ChatServerOptions {
  rules?: readonly Rule[];
  /** The status of a refusal. */
  refusal?: number;
  answer?: (body: ChatBody, call: number) => Answer;
}

/** A server of the chat completions API with special rules. */
export async function startChatServer(options: ChatServerOptions = {}): Promise<ChatServer> {
  const { rules = [], refusal = 400, answer = () => says("Hi!") } = options;
  const requests: ChatBody[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const urls: string[] = [];
  const server = await startLoopbackServer(
    async (request, response) => {
      const body = JSON.parse(await text(request)) as ChatBody;
      requests.push(body);
      headers.push(request.headers);
      urls.push(request.url ?? "");
      const refused = rules.map((rule) => rule(body)).find((reason) => reason !== null);
      if (refused !== undefined) return refuse(response, refusal, refused);
      const answered = answer(body, requests.length);
      if (typeof answered === "function") return answered(response, body);
      return body.stream ? stream(response, answered) : whole(response, answered);
    },
    (response) => response.writeHead(500).end(),
  );
  const baseUrl = `${server.origin}/v1`;
  return {
    baseUrl,
    requests,
    headers,
    urls,
    bot: (settings = {}) =>
      createModelBot(configSchema.parse({ baseUrl, model: "m", ...settings }), { log: keptLog() }),
    [Symbol.asyncDispose]: server.close,
  };
}

/** A whole answer in pieces. */
export function says(...pieces: string[]): object[] {
  return [...pieces.map((content) => delta({ content })), finish("stop")];
}

export function delta(delta: object): object {
  return { choices: [{ index: 0, delta, finish_reason: null }] };
}

export function finish(reason: string | null, delta: object = {}): object {
  return { choices: [{ index: 0, delta, finish_reason: reason }] };
}

/** A call of one tool, as a whole answer. */
export function callsTool(name: string, input: object): object[] {
  const call = {
    index: 0,
    id: `call-${name}`,
    type: "function",
    function: { name, arguments: JSON.stringify(input) },
  };
  return [delta({ tool_calls: [call] }), finish("tool_calls")];
}

export function refuse(response: ServerResponse, status: number, message: string, more: object = {}): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ error: { message, type: "invalid_request_error", ...more } }));
}

/** Server-Sent Events. A text is written unchanged. */
function stream(response: ServerResponse, events: readonly (object | string)[]): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const event of events) {
    response.write(
      typeof event === "string" ? event : `data: ${JSON.stringify({ ...ENVELOPE, ...event })}\n\n`,
    );
  }
  response.end("data: [DONE]\n\n");
}

/** The same answer for a client that wants no stream. */
function whole(response: ServerResponse, events: readonly (object | string)[]): void {
  const chunks = events.filter((event) => typeof event !== "string") as {
    choices?: { delta?: { content?: string }; finish_reason?: string }[];
    usage?: object;
  }[];
  const content = chunks.map(({ choices }) => choices?.[0]?.delta?.content ?? "").join("");
  const reason = chunks.map(({ choices }) => choices?.[0]?.finish_reason).find((given) => given);
  const usage = chunks.find((chunk) => chunk.usage)?.usage;
  const choices = [{ index: 0, message: { role: "assistant", content }, finish_reason: reason ?? null }];
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ ...ENVELOPE, object: "chat.completion", choices, ...(usage && { usage }) }));
}

const ENVELOPE = { id: "c", object: "chat.completion.chunk", created: 1, model: "m" };

/** Like Qwen's templates on vLLM. */
export const oneSystemMessageFirst: Rule = ({ messages }) =>
  messages.slice(1).some(({ role }) => role === "system") ? "System message must be at the beginning." : null;

export const someUserMessage: Rule = ({ messages }) =>
  messages.some(({ role }) => role === "user") ? null : "No user query found in messages.";

/** Like Mistral's and Gemma's templates. */
export const rolesAlternate: Rule = ({ messages }) => {
  const turns = messages.filter(({ role }) => role === "user" || role === "assistant");
  const alternate = turns.every(({ role }, index) => role === (index % 2 === 0 ? "user" : "assistant"));
  return alternate ? null : "Conversation roles must alternate user/assistant/user/assistant/...";
};
