import type { Request, RequestHandler, Response } from "express";
import type { Channel, RawRequest, WebhookResponse } from "../channels/channel.ts";
import type { ChannelEvent } from "../core/channel-event.ts";
import { RequestError } from "../core/errors.ts";
import type { ChannelRef } from "../core/runtime.ts";
import { readBytes } from "./read-bytes.ts";
import type { HttpParts } from "./server.ts";

/** What platforms send is small; Meta's batches are the largest, up to 3 MB. Bytes. */
const WEBHOOK_BODY_LIMIT = 4 * 1024 * 1024;

export interface WebhookDeps {
  /** The running channel of that name; null for an unknown or disabled one. */
  channel(name: string): { ref: ChannelRef; channel: Channel } | null;
  /** Stores events; resolves when they are committed. */
  accept(ref: ChannelRef, events: readonly ChannelEvent[]): Promise<void>;
  onReceived(ref: ChannelRef, outcome: "accepted" | "rejected"): void;
}

/**
 * `/webhooks/{channel}` and its status callback: verify the raw bytes, store, and only then acknowledge. No router of
 * their own: a second one on the way of every message would cost more than the rest of this.
 */
export function webhookRoutes(deps: WebhookDeps): HttpParts["webhooks"] {
  const handle: RequestHandler = async (request, response) => {
    const found = deps.channel(String(request.params["channel"]));
    if (!found) throw new RequestError(404, "channel_not_found", "There is no such channel here.");
    // Any content type is read as bytes: the channel says which it takes, after it has checked the signature.
    const body = await readBytes(request, WEBHOOK_BODY_LIMIT);
    const received = await found.channel.receive(toRaw(request, body));
    if (received.kind === "rejected") {
      deps.onReceived(found.ref, "rejected");
      throw new RequestError(received.status, received.code, received.message);
    }
    if (received.events.length > 0) await store(deps, found.ref, received.events);
    deps.onReceived(found.ref, "accepted");
    acknowledge(response, received.response);
  };
  return (service, admit) => {
    service.all("/webhooks/:channel", admit, handle);
    service.all("/webhooks/:channel/status", admit, handle);
    // Where a platform's app is installed by its users (OAuth).
    service.get("/webhooks/:channel/install", admit, handle);
    service.get("/webhooks/:channel/oauth", admit, handle);
  };
}

/** Not stored means not acknowledged: the platform keeps the event and sends it again. */
async function store(deps: WebhookDeps, ref: ChannelRef, events: readonly ChannelEvent[]): Promise<void> {
  try {
    await deps.accept(ref, events);
  } catch (cause) {
    if (cause instanceof RequestError) throw cause;
    throw new RequestError(503, "not_stored", "The message could not be stored. Send it again.", {
      headers: { "Retry-After": "5" },
      cause,
    });
  }
}

function acknowledge(response: Response, answer: WebhookResponse = { status: 200, body: "" }): void {
  response.status(answer.status);
  if (answer.contentType) response.setHeader("Content-Type", answer.contentType);
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  response.end(answer.body);
}

function toRaw(request: Request, body: Buffer): RawRequest {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return {
    method: request.method,
    url: request.originalUrl,
    headers,
    body,
  };
}
