import type { Request, RequestHandler, Response } from "express";
import type { Channel } from "../../channels/channel.ts";
import type { Received, RequestHead, WebhookResponse } from "../../channels/channel-webhook.ts";
import { RequestError } from "../../core/faults/errors.ts";
import type { ChannelEvent } from "../../core/message/channel-event.ts";
import type { ChannelRef } from "../../core/session/runtime.ts";
import { moveBody, setBodySender } from "../bodies/bodies.ts";
import { readBytes } from "../bodies/read-bytes.ts";
import type { HttpParts } from "../server/server.ts";

/** Platforms send small bodies. Meta's batches are the largest, up to 3 MB. Bytes. */
const WEBHOOK_BODY_LIMIT = 4 * 1024 * 1024;

/** Time until a platform should retry, if a channel gave no time, milliseconds. */
const DEFAULT_LATER_MS = 5_000;

export interface WebhookDeps {
  /** The running channel of that name; null for an unknown or disabled one. */
  channel(name: string): { ref: ChannelRef; channel: Channel } | null;
  /** Stores events. Resolves when they are committed. */
  accept(ref: ChannelRef, events: readonly ChannelEvent[]): Promise<void>;
  /** Throws a 429 for an address that visits the installation pages too often. */
  visit(request: Request): void;
  onReceived(ref: ChannelRef, outcome: "accepted" | "later"): void;
  onRefused(ref: ChannelRef, refusal: { code: string; message: string }): void;
}

/**
 * `/webhooks/{channel}` and its status callback: verifies the raw bytes, stores, and only then acknowledges. It uses no
 * router, because a second router for every message would cost more than the rest of this.
 */
export function webhookRoutes(deps: WebhookDeps): HttpParts["webhooks"] {
  const handle: RequestHandler = async (request, response) => {
    const found = deps.channel(String(request.params.channel));
    if (!found) throw new RequestError(404, "channel_not_found", "There is no such channel here.");
    const refuse = ({ status, code, message }: Extract<Received, { kind: "rejected" }>): never => {
      deps.onRefused(found.ref, { code, message });
      throw new RequestError(status, code, message);
    };
    const head = headOf(request);
    const verdict = found.channel.inspect?.(head) ?? { kind: "unproven" };
    if (verdict.kind === "rejected") return refuse(verdict);
    const sender = { trust: "known", name: found.ref.id } as const;
    if (verdict.kind === "proven") setBodySender(request, sender);
    // Any content type is read as bytes. The channel decides which types it accepts, after it has checked the
    // signature.
    const body = await readBytes(request, WEBHOOK_BODY_LIMIT);
    const received = await found.channel.receive({ ...head, body });
    if (received.kind === "rejected") return refuse(received);
    // The signature is now verified, so the body frees its place among the unproven ones.
    if (verdict.kind === "unproven") moveBody(request, sender, body.length);
    if (received.kind === "later") {
      deps.onReceived(found.ref, "later");
      throw tryLater(received);
    }
    if (received.events.length > 0) await store(deps, found.ref, received.events);
    deps.onReceived(found.ref, "accepted");
    if (received.acknowledged) response.once("finish", received.acknowledged);
    acknowledge(response, received.response);
  };
  return (service, admit) => {
    service.all("/webhooks/:channel", admit, handle);
    service.all("/webhooks/:channel/status", admit, handle);
    // A platform's users install its app here (OAuth). Anybody can open these pages.
    const visit: RequestHandler = (request, _response, next) => {
      deps.visit(request);
      next();
    };
    service.get("/webhooks/:channel/install", visit, admit, handle);
    service.get("/webhooks/:channel/oauth", visit, admit, handle);
  };
}

/** An unstored event is not acknowledged, so the platform keeps it and sends it again. */
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

/** The platform keeps the event and sends it again. */
function tryLater({
  reason,
  retryAfterMs = DEFAULT_LATER_MS,
  cause,
}: Extract<Received, { kind: "later" }>): RequestError {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  return new RequestError(503, "try_later", `${reason} Send it again.`, {
    headers: { "Retry-After": String(seconds) },
    cause,
  });
}

function acknowledge(response: Response, answer: WebhookResponse = { status: 200, body: "" }): void {
  response.status(answer.status);
  if (answer.contentType) response.setHeader("Content-Type", answer.contentType);
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  response.end(answer.body);
}

function headOf(request: Request): RequestHead {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return {
    method: request.method,
    url: request.originalUrl,
    headers,
  };
}
