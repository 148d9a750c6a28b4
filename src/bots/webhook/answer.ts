import type { Dispatcher } from "undici";
import { BotError } from "../../core/faults/errors.ts";
import { newId } from "../../core/ids.ts";
import { withinTime } from "../../core/time/time-limit.ts";
import type { BotResult, Turn, TurnOutput } from "../bot.ts";
import { invalidAnswer } from "./answer-schema.ts";
import type { WebhookConfig } from "./config.ts";
import { connectionError, refusal } from "./endpoint-error.ts";
import type { SignedPost } from "./post.ts";
import { readJsonAnswer } from "./read-json.ts";
import { readStreamedAnswer } from "./read-stream.ts";
import { turnRequest } from "./request-body.ts";

/** Sends one request to the endpoint. Rejects with the signal's own reason when aborted, else with a `BotError`. */
export async function answerFromEndpoint(
  config: WebhookConfig,
  post: (post: SignedPost) => Promise<Dispatcher.ResponseData>,
  turn: Turn,
  output: TurnOutput,
): Promise<BotResult> {
  const { executionId } = turn;
  const deliveryId = newId();
  const { history } = config;
  const body = JSON.stringify(await turnRequest(turn, { history, deliveryId, signal: output.signal }));
  return await withinTime(config.timeoutMs, output.signal, async (signal) => {
    try {
      const response = await post({ type: "turn", executionId, deliveryId, body, signal });
      return await readAnswer(config, response, (content) => {
        if (content !== "") output.emit({ type: "content", content });
      });
    } catch (error) {
      output.signal.throwIfAborted();
      if (signal.aborted) {
        const reason = `${new URL(config.url).host} did not answer within ${config.timeoutMs} ms (bot.timeoutMs)`;
        throw new BotError("timeout", reason);
      }
      throw connectionError(config, error);
    }
  });
}

/** The parts of an endpoint's response that are read. */
export type EndpointResponse = Pick<Dispatcher.ResponseData, "statusCode" | "headers"> & {
  body: AsyncIterable<Uint8Array>;
};

/** Reads a response. Throws a `BotError` if it contains nothing usable. */
export async function readAnswer(
  config: WebhookConfig,
  response: EndpointResponse,
  onText: (text: string) => void,
): Promise<BotResult> {
  const { statusCode, headers, body } = response;
  if (statusCode < 200 || statusCode >= 300) throw await refusal(config, response);
  const contentType = String(headers["content-type"] ?? "");
  if (/^text\/event-stream\b/i.test(contentType)) return readStreamedAnswer(body, onText);
  if (/^application\/(?:[\w.+-]+\+)?json\b/i.test(contentType)) return readJsonAnswer(body);
  // Leaving the loop closes the connection.
  for await (const _ of body) break;
  const found = contentType === "" ? "none" : contentType;
  throw invalidAnswer(`its content type is ${found}, not application/json or text/event-stream`);
}
