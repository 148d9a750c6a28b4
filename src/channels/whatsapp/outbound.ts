import { type Clock, systemClock } from "../../core/clock.ts";
import type { OutboundPart, SendResult } from "../../core/outbound.ts";
import type { Reachability } from "../../core/reachability.ts";
import type { Channel } from "../channel.ts";
import { isAddress } from "./address.ts";
import { WINDOW_CLOSED } from "./errors.ts";
import { toWhatsapp } from "./markup.ts";
import type { Provider, Send } from "./provider.ts";

/** How long after a user's message anything may be said, less a minute for the way there, milliseconds. */
const WINDOW_MS = (24 * 60 - 1) * 60_000;

const TEMPLATE_ONLY =
  "the user has not written for 24 hours: the configured template goes out in place of the message";
const TEMPLATE_INSTEAD =
  "the user had not written for 24 hours: one template went out in place of the whole message";
const WAITS = `${WINDOW_CLOSED}; it goes out when they write again`;

export interface OutboundDeps {
  provider: Pick<Provider, "sendText" | "sendMedia" | "sendChoice" | "sendTemplate" | "findSent" | "words">;
  /** When the user at an address last wrote; null if never. */
  lastUserMessageAt(address: string): Promise<Date | null>;
  clock?: Clock;
}

/** Writes to WhatsApp. Every outcome is a value. */
export function createOutbound({
  provider,
  lastUserMessageAt,
  clock = systemClock,
}: OutboundDeps): Pick<Channel, "send" | "canReach" | "findSent"> {
  const { sendTemplate } = provider;
  const badAddress = (address: string) => ({
    reason: `"${address}" is not a WhatsApp address: it looks like whatsapp:+491701234567`,
    code: `${provider.words.prefix}_bad_address`,
  });

  async function outsideWindow(part: OutboundPart, send: Send): Promise<SendResult> {
    const instead = { code: "window_closed", reason: TEMPLATE_INSTEAD };
    if (sendTemplate === null) return { kind: "parked", code: "window_closed", reason: WAITS };
    if (part.part > 0) return { kind: "failed", scope: "conversation", ...instead };
    const result = await sendTemplate(part.address, send);
    return result.kind === "sent" ? { ...result, note: instead } : result;
  }

  function say({ address, text, messageId, buttons = [] }: OutboundPart, how: Send): Promise<SendResult> {
    const said = toWhatsapp(text);
    return buttons.length > 0 && provider.sendChoice !== null
      ? provider.sendChoice(address, said, { messageId, buttons }, how)
      : provider.sendText(address, said, how);
  }

  /** Null where a link has to do: WhatsApp takes no such file, or would not have this one. */
  async function show({ address, file }: OutboundPart, how: Send): Promise<SendResult | null> {
    const result = file === undefined ? null : await provider.sendMedia(address, file, how);
    const isRefused =
      result?.kind === "failed" && result.scope === "conversation" && result.code !== "window_closed";
    return isRefused ? null : result;
  }

  async function isWindowOpen(address: string): Promise<boolean> {
    const last = await lastUserMessageAt(address);
    return last !== null && clock.now().getTime() - last.getTime() < WINDOW_MS;
  }

  /** What the window allows, before anything is sent. */
  async function canReach(address: string): Promise<Reachability> {
    if (!isAddress(address)) return { kind: "unreachable", ...badAddress(address) };
    if (await isWindowOpen(address)) return { kind: "reachable" };
    return sendTemplate === null
      ? { kind: "limited", code: "window_closed", reason: WAITS }
      : { kind: "limited", code: "template_only", reason: TEMPLATE_ONLY };
  }

  async function send(part: OutboundPart, signal: AbortSignal): Promise<SendResult> {
    const { address, deliveryId } = part;
    if (!isAddress(address)) return { kind: "failed", ...badAddress(address), scope: "conversation" };
    let isOpen: boolean;
    try {
      isOpen = await isWindowOpen(address);
    } catch {
      const reason = "the time of the user's last message could not be read";
      return { kind: "retry", reason, code: "database_unavailable", scope: "conversation" };
    }
    const how = { deliveryId, signal };
    if (!isOpen) return outsideWindow(part, how);
    const result = (await show(part, how)) ?? (await say(part, how));
    // The provider's clock decides: what it calls too late has certainly not been sent.
    const isTooLate = result.kind === "failed" && result.code === "window_closed";
    return isTooLate ? outsideWindow(part, how) : result;
  }

  const { findSent: find } = provider;
  if (find === null) return { send, canReach };
  const findSent = ({ address, text, file }: OutboundPart, since: Date, signal: AbortSignal) =>
    find(address, { text: toWhatsapp(text), isFile: file !== undefined }, since, signal);
  return { send, canReach, findSent };
}
