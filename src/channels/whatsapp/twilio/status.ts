import type { ChannelEvent, DeliveryReceipt } from "../../../core/channel-event.ts";
import { failureOf } from "../errors.ts";
import { twilioWords } from "./codes.ts";
import { type FormParams, field } from "./params.ts";

/** Twilio's words for what became of a message; the ones left out say nothing new (queued, sending, …). */
const STATES: Readonly<Record<string, DeliveryReceipt["state"]>> = {
  sent: "sent",
  delivered: "delivered",
  read: "read",
  failed: "failed",
  undelivered: "failed",
  canceled: "failed",
};

/** What names the delivery in the address that Twilio reports to. */
const DELIVERY = "delivery";

/** Where Twilio reports what became of a delivery. */
export function statusUrlOf(url: string, deliveryId: string): string {
  return `${url}?${new URLSearchParams({ [DELIVERY]: deliveryId })}`;
}

/** The receipts in a status callback. They come in any order and repeatedly; who stores them sorts that out. */
export function readStatus(params: FormParams, messageSid: string, url: string): ChannelEvent[] {
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
  return [{ ...receipt, ...failureOf(code, said, twilioWords) }];
}
