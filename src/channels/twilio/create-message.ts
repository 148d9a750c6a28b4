import type { SendResult } from "../../core/message/outbound.ts";
import type { ProviderWords } from "../kit/api-fault.ts";
import { sendResultOf } from "../kit/api-meaning.ts";
import type { NewMessage, RestApi } from "./rest-api.ts";
import { statusUrlOf } from "./status.ts";

/** The longest `Body`, in characters (Twilio, "Message resource"). In UTF-16 code units it never exceeds the limit. */
export const TWILIO_TEXT_LIMIT = 1600;

/** Twilio cannot call the given URL, for example one of this machine (twilio.com/docs/api/errors/21609). */
const INVALID_STATUS_CALLBACK = 21609;

export interface MessageCreatorDeps {
  api: Pick<RestApi, "createMessage">;
  /** The URL for Twilio's status reports; null if Twilio cannot reach us. */
  statusUrl: string | null;
  words: ProviderWords;
}

/** Creates messages at Twilio. Every outcome is a value. */
export function createMessageCreator({ api, statusUrl, words }: MessageCreatorDeps) {
  return async (
    to: string,
    content: Omit<NewMessage, "to">,
    { deliveryId, signal }: { deliveryId: string; signal: AbortSignal },
  ): Promise<SendResult> => {
    const callback = statusUrl === null ? {} : { statusCallback: statusUrlOf(statusUrl, deliveryId) };
    let result = await api.createMessage({ to, ...content, ...callback }, signal);
    // After this error nothing was sent. A send without receipts is better than none.
    if (
      result.kind !== "ok" &&
      result.fault.kind === "refused" &&
      result.fault.code === INVALID_STATUS_CALLBACK
    )
      result = await api.createMessage({ to, ...content }, signal);
    return result.kind === "ok"
      ? { kind: "sent", externalIds: [result.value] }
      : sendResultOf(result.fault, words);
  };
}
