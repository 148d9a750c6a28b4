import type { ChannelEvent, DeliveryReceipt } from "../../../core/message/channel-event.ts";
import { describeCode } from "../../kit/api-fault.ts";
import { failureOf, troubleOf } from "../../kit/api-meaning.ts";
import { metaWords } from "./codes.ts";
import type { MetaError, MetaStatus } from "./payload.ts";
import { namesOfNumber } from "./people.ts";

const STATES: Readonly<Record<string, DeliveryReceipt["state"]>> = {
  sent: "sent",
  delivered: "delivered",
  read: "read",
  // A played voice message is more than read; for us it is the same.
  played: "read",
  failed: "failed",
};

/** A failure without a code that can be read. */
const NO_CODE = -1;

export interface StatusDeps {
  /** True if a template may be sent while the window is closed. */
  hasTemplate: boolean;
  /** Called with a problem of the whole connection. */
  onTrouble(words: string): void;
}

/** Reads statuses. They come in any order and repeatedly; the code that stores them handles that. */
export function createStatusReader({ hasTemplate, onTrouble }: StatusDeps) {
  return function readStatus(status: MetaStatus): ChannelEvent[] {
    const state = STATES[status.status];
    if (state === undefined) return [];
    const { biz_opaque_callback_data: deliveryId } = status;
    const receipt: DeliveryReceipt = {
      type: "receipt",
      externalId: status.id,
      state,
      ...(deliveryId === undefined ? {} : { deliveryId }),
    };
    if (state !== "failed") return [receipt];
    const [error] = status.errors;
    // Zero is a code of Meta: the token is wrong.
    const [code, said] = [error?.code ?? NO_CODE, saidOf(error)];
    const trouble = troubleOf(code, said, metaWords);
    if (trouble !== null) onTrouble(trouble);
    return [{ ...receipt, ...failureOf(code, said, metaWords, hasTemplate) }, ...refusalOf(status, code)];
  };
}

/** A user who refuses a marketing message also refuses the next one. */
function refusalOf(status: MetaStatus, code: number): ChannelEvent[] {
  if (metaWords.meaningOf(code) !== "marketing_refused") return [];
  const { recipient_id: number, recipient_user_id: id } = status;
  const [userIdentifier, ...aliases] = [
    ...(number === undefined ? [] : namesOfNumber(number)),
    ...(id === undefined ? [] : [`whatsapp:${id}`]),
  ];
  if (userIdentifier === undefined) return [];
  return [{ type: "marketing_preference", userIdentifier, aliases, isWanted: false }];
}

/** An error that belongs to no single message, as a sentence that an operator can act on. */
export function describeError(error: MetaError): string {
  return describeCode(error.code, saidOf(error), metaWords);
}

const saidOf = (error: MetaError | undefined) =>
  error?.error_data?.details ?? error?.message ?? error?.title ?? null;
