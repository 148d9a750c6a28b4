import type { ChannelEvent, DeliveryReceipt } from "../../core/message/channel-event.ts";
import type { ProviderWords } from "../kit/api-fault.ts";
import { failureOf, troubleOf } from "../kit/api-meaning.ts";
import { type FormParams, field } from "./params.ts";

/** Twilio's message states. The missing ones add no information (queued, sending, …). */
const STATES: Readonly<Record<string, DeliveryReceipt["state"]>> = {
  sent: "sent",
  delivered: "delivered",
  read: "read",
  failed: "failed",
  undelivered: "failed",
  canceled: "failed",
};

/** The parameter for the delivery's id in the URL to which Twilio reports. */
const DELIVERY = "delivery";

/** The URL to which Twilio reports the state of a delivery. */
export function statusUrlOf(url: string, deliveryId: string): string {
  return `${url}?${new URLSearchParams({ [DELIVERY]: deliveryId })}`;
}

export interface StatusDeps {
  words: ProviderWords;
  /** A template can replace a message after the window is closed. */
  hasTemplate: boolean;
  /** Called with a description of a problem of the whole connection. */
  onTrouble(words: string): void;
}

/**
 * The receipts in a status callback. They arrive in any order and repeatedly; the code that stores them handles that.
 */
export function readStatus(
  params: FormParams,
  messageSid: string,
  url: string,
  { words, hasTemplate, onTrouble }: StatusDeps,
): ChannelEvent[] {
  const state = STATES[field(params, "MessageStatus") ?? ""];
  if (state === undefined) return [];
  const deliveryId = new URL(url, "http://localhost").searchParams.get(DELIVERY);
  const receipt: DeliveryReceipt = {
    type: "receipt",
    externalId: messageSid,
    state,
    ...(deliveryId ? { deliveryId } : {}),
  };
  if (state !== "failed") return [receipt];
  const code = Number(field(params, "ErrorCode") ?? 0);
  const said = field(params, "ChannelStatusMessage") ?? field(params, "ErrorMessage") ?? null;
  const trouble = troubleOf(code, said, words);
  if (trouble !== null) onTrouble(trouble);
  return [{ ...receipt, ...failureOf(code, said, words, hasTemplate) }];
}
