import { type Dispatcher, request } from "undici";
import { withCredentials } from "../../core/network/server-place.ts";
import { SIGNATURE_HEADER, signatureOf } from "../../core/network/signature.ts";
import { traceHeaders } from "../../core/trace/current-span.ts";
import type { WebhookConfig } from "./config.ts";

export interface SignedPost {
  type: "turn" | "cancel";
  executionId: string;
  deliveryId: string;
  body: string;
  signal: AbortSignal;
}

/**
 * Sends one signed request over a kept connection. Redirects are not followed, because the signature is for this URL.
 */
export async function postSigned(
  config: Pick<WebhookConfig, "url" | "secret" | "headers">,
  dispatcher: Dispatcher,
  post: SignedPost,
): Promise<Dispatcher.ResponseData> {
  const send = () =>
    request(config.url, {
      method: "POST",
      dispatcher,
      body: post.body,
      signal: post.signal,
      // The signal limits the time.
      headersTimeout: 0,
      bodyTimeout: 0,
      headers: {
        ...withCredentials(new URL(config.url), config.headers),
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "user-agent": "causeway",
        ...traceHeaders(),
        "idempotency-key": post.executionId,
        "x-causeway-event": post.type,
        "x-causeway-execution-id": post.executionId,
        "x-causeway-delivery-id": post.deliveryId,
        [SIGNATURE_HEADER]: signatureOf(config.secret, post.body, new Date()),
      },
    });
  try {
    return await send();
  } catch (error) {
    // The server closed a kept connection at that moment. Repeating the request is harmless, because it has the same
    // execution id.
    if (!post.signal.aborted && wasClosed(error)) return send();
    throw error;
  }
}

function wasClosed(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return code === "UND_ERR_SOCKET" || code === "ECONNRESET" || code === "EPIPE";
}
