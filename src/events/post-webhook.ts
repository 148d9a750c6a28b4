import { type Dispatcher, getGlobalDispatcher, request } from "undici";
import { withCredentials } from "../core/network/server-place.ts";
import type { JsonObject } from "../core/text/json.ts";
import { timeLimit } from "../core/time/time-limit.ts";

/** One event for an external server. */
export interface WebhookPost {
  url: string;
  /** The key that signs the body; null: the body is not signed. */
  secret: string | null;
  allowPrivateAddresses: boolean;
  /** The same for every attempt, so that the server can recognise a repetition. */
  deliveryId: string;
  event: string;
  body: JsonObject;
}

export interface WebhookDeps {
  /** The `X-Causeway-Signature` header for a body. */
  sign(secret: string, body: string, at: Date): string;
  isPrivateHost(url: URL): boolean;
  /** Connections that never lead into private networks, whatever address a name resolves to. */
  publicConnections: Dispatcher;
  signal: AbortSignal;
}

const TIMEOUT_MS = 10_000;

/** Posts an event and returns the status. Throws unless the server accepted it (2xx). Redirects are not followed. */
export async function postWebhook(deps: WebhookDeps, post: WebhookPost): Promise<number> {
  const url = new URL(post.url);
  if (!post.allowPrivateAddresses && deps.isPrivateHost(url)) {
    throw new Error(`${url.host} is a private address, which the rule does not allow`);
  }
  const body = JSON.stringify(post.body);
  const response = await request(url, {
    method: "POST",
    body,
    dispatcher: post.allowPrivateAddresses ? getGlobalDispatcher() : deps.publicConnections,
    signal: AbortSignal.any([deps.signal, timeLimit(TIMEOUT_MS)]),
    headers: {
      ...withCredentials(url),
      "content-type": "application/json",
      "user-agent": "causeway",
      "x-causeway-event": post.event,
      "x-causeway-delivery-id": post.deliveryId,
      "idempotency-key": post.deliveryId,
      ...(post.secret === null ? {} : { "x-causeway-signature": deps.sign(post.secret, body, new Date()) }),
    },
  }).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${url.host} cannot be reached: ${reason}`, { cause });
  });
  await response.body.dump();
  if (response.statusCode >= 200 && response.statusCode < 300) return response.statusCode;
  throw new Error(`the server answered ${response.statusCode}`);
}
