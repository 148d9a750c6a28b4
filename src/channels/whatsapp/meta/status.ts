import type { ChannelEvent, DeliveryReceipt } from "../../../core/channel-event.ts";
import { failureOf } from "../errors.ts";
import { metaWords } from "./codes.ts";
import type { MetaStatus } from "./payload.ts";

const STATES: Readonly<Record<string, DeliveryReceipt["state"]>> = {
  sent: "sent",
  delivered: "delivered",
  read: "read",
  // Played, of a voice message, is more than read; for us it is the same.
  played: "read",
  failed: "failed",
};

/** The receipt in a status. They come in any order and repeatedly; who stores them sorts that out. */
export function readStatus(status: MetaStatus): ChannelEvent[] {
  const state = STATES[status.status];
  if (state === undefined) return [];
  const receipt: DeliveryReceipt = {
    type: "receipt",
    externalId: status.id,
    state,
    ...(status.biz_opaque_callback_data === undefined ? {} : { deliveryId: status.biz_opaque_callback_data }),
  };
  if (state !== "failed") return [receipt];
  const [error] = status.errors;
  const code = error?.code ?? 0;
  const said = error?.error_data?.details ?? error?.message ?? error?.title ?? null;
  return [{ ...receipt, ...failureOf(code, said, metaWords) }];
}
