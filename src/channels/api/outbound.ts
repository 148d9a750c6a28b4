import type { Button } from "../../core/button.ts";
import { systemClock } from "../../core/clock.ts";
import type { OutboundPart, SendResult } from "../../core/outbound.ts";
import { SIGNATURE_HEADER, signatureOf } from "../../core/signature.ts";
import type { Channel } from "../channel.ts";
import type { HttpClient, HttpOutcome } from "../http-client.ts";
import type { ReplyWebhook } from "./config.ts";
import { sendResultOf, stopped } from "./errors.ts";

/** The longest part, in UTF-16 code units. Callers who read replies from the API see them whole all the same. */
export const TEXT_LIMIT = 100_000;

const POST_TIMEOUT_MS = 15_000;

/**
 * Without a webhook. A reply is committed before its delivery is made, and callers read it from there (the response, a
 * stream, the history): having it stored is having it delivered.
 */
export async function keepStored(part: OutboundPart, signal: AbortSignal): Promise<SendResult> {
  if (signal.aborted) return stopped;
  return { kind: "sent", externalIds: [part.deliveryId], state: "delivered" };
}

/** What is posted: a part of a reply, or the question of `causeway doctor` whether anybody is there. */
export type ReplyPost =
  | {
      version: 1;
      type: "message";
      delivery_id: string;
      channel: string;
      session_id: string;
      message_id: string;
      /** Which part of the message this is, from 0. */
      part: number;
      content: string;
      buttons: readonly Button[];
    }
  | { version: 1; type: "ping"; delivery_id: string; channel: string };

/** Posts to the operator's endpoint, signed. Redirects are not followed. Every outcome is a value. */
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
      // The same for every try, so that the endpoint can tell a repetition.
      "idempotency-key": post.delivery_id,
      [SIGNATURE_HEADER]: signatureOf(secret, body, systemClock.now()),
    },
    body,
    timeoutMs: POST_TIMEOUT_MS,
    signal,
  });
}

/** Sends replies by posting them: an endpoint that took one has it. */
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
