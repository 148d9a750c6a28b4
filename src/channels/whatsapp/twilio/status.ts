import type { ChannelEvent, DeliveryReceipt } from "../../../core/channel-event.ts";
import { deliveryCode, describeCode } from "../errors.ts";
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

/** The receipts in a status callback. They come in any order and repeatedly; who stores them sorts that out. */
export function readStatus(params: FormParams, messageSid: string): ChannelEvent[] {
  const state = STATES[field(params, "MessageStatus") ?? ""];
  if (state === undefined) return [];
  if (state !== "failed") return [{ type: "receipt", externalId: messageSid, state }];
  const code = Number(field(params, "ErrorCode") ?? 0);
  const said = field(params, "ChannelStatusMessage") ?? field(params, "ErrorMessage") ?? null;
  return [
    {
      type: "receipt",
      externalId: messageSid,
      state,
      errorCode: deliveryCode(code, twilioWords),
      errorMessage: describeCode(code, said, twilioWords),
      ...(twilioWords.meaningOf(code) === "opted_out" ? { userUnreachable: true as const } : {}),
    },
  ];
}
