import type { OutboundPart, SendResult } from "../../core/message/outbound.ts";
import type { Reachability } from "../../core/session/reachability.ts";
import { type Clock, systemClock } from "../../core/time/clock.ts";
import type { Channel } from "../channel.ts";
import { isFileCode } from "../kit/api-meaning.ts";
import { isAddress } from "./address.ts";
import { toWhatsapp } from "./markup.ts";
import type { Outside } from "./outside-window.ts";
import type { Provider, Send } from "./provider.ts";

/** Time after a user's message in which any text may be sent, less one minute for the delivery, milliseconds. */
const WINDOW_MS = (24 * 60 - 1) * 60_000;

export interface OutboundDeps {
  provider: Pick<Provider, "sendText" | "sendMedia" | "sendChoice" | "findSent" | "words">;
  /** The sends to users who have not written for 24 hours. */
  outside: Outside;
  /** The time of the last message from the user at an address; null if there is none. */
  lastUserMessageAt(address: string): Promise<Date | null>;
  clock?: Clock;
}

/** Sends to WhatsApp. Every outcome is a value. */
export function createOutbound({
  provider,
  outside,
  lastUserMessageAt,
  clock = systemClock,
}: OutboundDeps): Pick<Channel, "send" | "canReach" | "findSent"> {
  const badAddress = (address: string) => ({
    reason: `"${address}" is not a WhatsApp address: it looks like whatsapp:+491701234567`,
    code: `${provider.words.prefix}_bad_address`,
  });

  function say(part: OutboundPart, how: Send): Promise<SendResult> {
    const { address, messageId, buttons = [] } = part;
    const said = saidOf(part);
    return buttons.length > 0 && provider.sendChoice !== null
      ? provider.sendChoice(address, said, { messageId, buttons }, how)
      : provider.sendText(address, said, how);
  }

  /** Null if a link is needed instead: WhatsApp does not accept such files, or refused this one. */
  async function show({ address, file, earlier }: OutboundPart, how: Send): Promise<SendResult | null> {
    if (file === undefined || (earlier !== undefined && isFileCode(earlier.code, provider.words)))
      return null;
    const result = await provider.sendMedia(address, file, how);
    const isRefused =
      result?.kind === "failed" && result.scope === "conversation" && result.code !== "window_closed";
    return isRefused ? null : result;
  }

  const isOpenAfter = (last: Date | null) =>
    last !== null && clock.now().getTime() - last.getTime() < WINDOW_MS;

  /** WhatsApp accepted the message and then reported a closed window, and the user has not written since. */
  const isKnownClosed = (last: Date | null, { earlier }: OutboundPart) =>
    earlier?.code === "window_closed" && (last === null || last <= earlier.at);

  /** The reachability by the window, before anything is sent. */
  async function canReach(address: string): Promise<Reachability> {
    if (!isAddress(address)) return { kind: "unreachable", ...badAddress(address) };
    return isOpenAfter(await lastUserMessageAt(address)) ? { kind: "reachable" } : outside.reach(address);
  }

  async function send(part: OutboundPart, signal: AbortSignal): Promise<SendResult> {
    const { address, deliveryId } = part;
    if (!isAddress(address)) return { kind: "failed", ...badAddress(address), scope: "conversation" };
    let last: Date | null;
    try {
      last = await lastUserMessageAt(address);
    } catch {
      const reason = "the time of the user's last message could not be read";
      return { kind: "retry", reason, code: "database_unavailable", scope: "conversation" };
    }
    const how = { deliveryId, signal };
    if (!isOpenAfter(last) || isKnownClosed(last, part)) return outside.send(part, how);
    const result = (await show(part, how)) ?? (await say(part, how));
    // The provider's clock decides. A message that it calls too late has certainly not been sent.
    const isTooLate = result.kind === "failed" && result.code === "window_closed";
    if (!isTooLate) return result;
    const instead = await outside.send(part, how);
    return instead.kind === "parked" ? { ...instead, refused: true } : instead;
  }

  const { findSent: find } = provider;
  if (find === null) return { send, canReach };
  const findSent = (part: OutboundPart, since: Date, signal: AbortSignal) =>
    find(part.address, { text: saidOf(part), isFile: part.file !== undefined }, since, signal);
  return { send, canReach, findSent };
}

const saidOf = ({ text, format }: OutboundPart): string => (format === "text" ? text : toWhatsapp(text));
