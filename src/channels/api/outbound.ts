import type { Button } from "../../core/message/button.ts";
import type { OutboundPart, SendResult } from "../../core/message/outbound.ts";
import { SIGNATURE_HEADER, signatureOf } from "../../core/network/signature.ts";
import { systemClock } from "../../core/time/clock.ts";
import type { Channel } from "../channel.ts";
import type { HttpClient, HttpOutcome } from "../http-client.ts";
import type { ReplyWebhook } from "./config.ts";
import { sendResultOf, stopped } from "./errors.ts";

/** Maximum length of a part in UTF-16 code units. Callers that read replies from the API still get them whole. */
export const TEXT_LIMIT = 100_000;

const POST_TIMEOUT_MS = 15_000;

/**
 * Sends a reply without a webhook. The reply is committed before its delivery exists, and callers read it there (the
 * response, a stream, the history). So a stored reply counts as delivered.
 */
export async function keepStored(part: OutboundPart, signal: AbortSignal): Promise<SendResult> {
  if (signal.aborted) return stopped;
  return { kind: "sent", externalIds: [part.deliveryId], state: "delivered" };
}

/** The posted body: a part of a reply, or a test of the endpoint by `causeway doctor`. */
export type ReplyPost =
  | {
      version: 1;
      type: "message";
      delivery_id: string;
      channel: string;
      session_id: string;
      message_id: string;
      /** Index of the part within the message, from 0. */
      part: number;
      content: string;
      buttons: readonly Button[];
    }
  | { version: 1; type: "ping"; delivery_id: string; channel: string };

/** Posts to the operator's endpoint with a signature. Does not follow redirects. Returns every outcome as a value. */
export function postSigned(
  client: HttpClient,
  { url, secret }: ReplyWebhook,
  post: ReplyPost,
  signal: AbortSignal,
): Promise<HttpOutcome> {
  const body = JSON.stringify(post);
  return client.call({
    method: "POST",
    url: new URL(url),
    headers: {
      "content-type": "application/json",
      "user-agent": "causeway",
      "x-causeway-event": post.type,
      "x-causeway-delivery-id": post.delivery_id,
      // The same for every attempt, so that the endpoint can detect a repetition.
      "idempotency-key": post.delivery_id,
      [SIGNATURE_HEADER]: signatureOf(secret, body, systemClock.now()),
    },
    body,
    timeoutMs: POST_TIMEOUT_MS,
    signal,
  });
}

/** Sends replies as posts. An accepted post counts as delivered. */
export function createOutbound(deps: {
  client: HttpClient;
  webhook: ReplyWebhook;
  channel: string;
}): Channel["send"] {
  const { client, webhook, channel } = deps;
  return async (part, signal) => {
    const outcome = await postSigned(
      client,
      webhook,
      {
        version: 1,
        type: "message",
        delivery_id: part.deliveryId,
        channel,
        session_id: part.sessionId,
        message_id: part.messageId,
        part: part.part,
        content: part.text,
        buttons: part.buttons ?? [],
      },
      signal,
    );
    if (outcome.kind === "answered" && outcome.status >= 200 && outcome.status < 300)
      return { kind: "sent", externalIds: [part.deliveryId], state: "delivered" };
    return sendResultOf(outcome);
  };
}
