import type { Request, Response } from "express";
import { RequestError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { requestIdOf } from "../request-id.ts";
import type { EncodedReply } from "./idempotency.ts";
import type { RouteReply } from "./route.ts";

/** A reply as its bytes go out, and are kept for a repetition. */
export function encode(reply: RouteReply): EncodedReply {
  if ("stream" in reply) return reply;
  const text = reply.body === undefined ? null : JSON.stringify(reply.body);
  return { status: reply.status, headers: reply.headers ?? {}, text };
}

/** What a route refuses for good is an answer like any other: repeated, it is the same. */
export async function keptRefusals(
  run: () => Promise<EncodedReply>,
  requestId: string,
): Promise<EncodedReply> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof RequestError) || error.status >= 500 || error.status === 429) throw error;
    const { status, code, message, details, headers } = error;
    const body = { error: { code, message, details, request_id: requestId } };
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
    // Cut rather than ended: the client must see that this is not all.
    response.destroy();
  }
}
