import type { Request, Response } from "express";
import { RequestError } from "../../../core/faults/errors.ts";
import type { Logger } from "../../../core/process/logger.ts";
import { requestIdOf } from "../../server/request-id.ts";
import type { EncodedReply } from "./idempotency.ts";
import type { RouteReply } from "./route.ts";

/** A reply as the text that is sent, and kept for a repetition. */
export function encode(reply: RouteReply): EncodedReply {
  if ("stream" in reply) return reply;
  const text = reply.body === undefined ? null : JSON.stringify(reply.body);
  return { status: reply.status, headers: reply.headers ?? {}, text };
}

/** A final refusal of a route is an answer like any other: a repeated request gets the same one. */
export async function keptRefusals(
  run: () => Promise<EncodedReply>,
  requestId: string,
): Promise<EncodedReply> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof RequestError) || error.status >= 500 || error.status === 429) throw error;
    const { status, code, message, details, headers, fields } = error;
    const body = { error: { code, message, details, ...fields, request_id: requestId } };
    return { status, headers, text: JSON.stringify(body) };
  }
}

export async function sendReply(
  reply: EncodedReply,
  request: Request,
  response: Response,
  log: Logger,
): Promise<void> {
  if (!("stream" in reply)) {
    for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value);
    response.status(reply.status);
    if (reply.text !== null) response.setHeader("Content-Type", "application/json; charset=utf-8");
    response.end(reply.text ?? undefined);
    return;
  }
  try {
    await reply.stream(request, response);
  } catch (error) {
    if (!response.headersSent) throw error;
    log.error({ err: error, request_id: requestIdOf(response) }, "a stream broke off");
    // Closes the connection without a proper end, so that the client sees the answer is incomplete.
    response.destroy();
  }
}
