import { type Clock, systemClock } from "../../core/clock.ts";
import type { OutboundPart, SendResult } from "../channel.ts";
import { isAddress } from "./address.ts";
import type { WhatsappTemplate } from "./config.ts";
import { WINDOW_CLOSED } from "./error-codes.ts";
import { sendResultOf } from "./errors.ts";
import { createRecent } from "./recent.ts";
import type { RestApi } from "./rest-api.ts";

/** The longest `Body`, in characters (Twilio, "Message resource"); in UTF-16 code units it is never more. */
export const TEXT_LIMIT = 1600;

/** How long after a user's message anything may be said, less a minute for the way there, milliseconds. */
const WINDOW_MS = (24 * 60 - 1) * 60_000;

const TEMPLATE_INSTEAD =
  "the user has not written for 24 hours: one template went out in place of the whole message";

export interface OutboundDeps {
  api: RestApi;
  template: WhatsappTemplate | undefined;
  /** Where Twilio reports what became of a message; null where it cannot reach us. */
  statusUrl: string | null;
  /** When the user at an address last wrote; null if never. */
  lastUserMessageAt(address: string): Promise<Date | null>;
  clock?: Clock;
}

/** Writes to WhatsApp. Every outcome is a value. */
export function createOutbound(deps: OutboundDeps) {
  const { api, template, statusUrl, lastUserMessageAt, clock = systemClock } = deps;
  /** Which part of a message the template went out for: one template for one message. */
  const carriers = createRecent(1_000);

  async function create(
    to: string,
    content: Record<string, string>,
    signal: AbortSignal,
  ): Promise<SendResult> {
    const callback: Record<string, string> = statusUrl === null ? {} : { StatusCallback: statusUrl };
    const result = await api.createMessage({ To: to, ...content, ...callback }, signal);
    return result.kind === "ok" ? { kind: "sent", externalIds: [result.sid] } : sendResultOf(result.fault);
  }

  async function sendTemplate(part: OutboundPart, signal: AbortSignal): Promise<SendResult> {
    const closed = { kind: "failed", code: "window_closed", scope: "conversation" } as const;
    if (template === undefined) return { ...closed, reason: WINDOW_CLOSED };
    const carrier = carriers.get(part.messageId) ?? part.deliveryId;
    if (carrier !== part.deliveryId) return { ...closed, reason: TEMPLATE_INSTEAD };
    carriers.set(part.messageId, part.deliveryId);
    const { contentSid, variables } = template;
    return create(
      part.address,
      { ContentSid: contentSid, ContentVariables: JSON.stringify(variables) },
      signal,
    );
  }

  async function isWindowOpen(address: string): Promise<boolean> {
    const last = await lastUserMessageAt(address);
    return last !== null && clock.now().getTime() - last.getTime() < WINDOW_MS;
  }

  return async function send(part: OutboundPart, signal: AbortSignal): Promise<SendResult> {
    const { address, text } = part;
    if (!isAddress(address))
      return {
        kind: "failed",
        reason: `"${address}" is not a WhatsApp address: it looks like whatsapp:+491701234567`,
        code: "twilio_bad_address",
        scope: "conversation",
      };
    let isOpen: boolean;
    try {
      isOpen = await isWindowOpen(address);
    } catch {
      const reason = "the time of the user's last message could not be read";
      return { kind: "retry", reason, code: "database_unavailable", scope: "conversation" };
    }
    if (!isOpen) return sendTemplate(part, signal);
    const result = await create(address, { Body: text }, signal);
    // Twilio's clock decides: what it calls too late has certainly not been sent.
    const isTooLate = result.kind === "failed" && result.code === "window_closed";
    return isTooLate ? sendTemplate(part, signal) : result;
  };
}
