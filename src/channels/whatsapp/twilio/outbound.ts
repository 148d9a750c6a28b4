import type { SendResult } from "../../../core/message/outbound.ts";
import { sendResultOf } from "../../kit/api-meaning.ts";
import type { NewMessage, RestApi } from "../../twilio/rest-api.ts";
import { statusUrlOf } from "../../twilio/status.ts";
import type { Provider, Send } from "../provider.ts";
import type { TwilioTemplate } from "./config.ts";
import { words } from "./words.ts";

/** The longest `Body`, in characters (Twilio, "Message resource"). In UTF-16 code units it never exceeds the limit. */
export const TWILIO_TEXT_LIMIT = 1600;

/** The types that WhatsApp accepts through Twilio (Twilio, "Accepted content types"). Others become links. */
const TAKEN: ReadonlySet<string> = new Set([
  "image/jpeg",
  "image/png",
  "audio/ogg",
  "audio/mpeg",
  "audio/mp4",
  "video/mp4",
  "application/pdf",
]);

export interface OutboundDeps {
  api: RestApi;
  template: TwilioTemplate | undefined;
  /** The URL for Twilio's status reports; null if Twilio cannot reach us. */
  statusUrl: string | null;
}

/** Twilio cannot call the given URL, for example one of this machine (twilio.com/docs/api/errors/21609). */
const INVALID_STATUS_CALLBACK = 21609;

/** Creates messages at Twilio. */
export function createOutbound({
  api,
  template,
  statusUrl,
}: OutboundDeps): Pick<Provider, "sendText" | "sendMedia" | "sendTemplate"> {
  async function create(to: string, content: Omit<NewMessage, "to">, send: Send): Promise<SendResult> {
    const callback = statusUrl === null ? {} : { statusCallback: statusUrlOf(statusUrl, send.deliveryId) };
    let result = await api.createMessage({ to, ...content, ...callback }, send.signal);
    // After this error nothing was sent. A send without receipts is better than none.
    if (
      result.kind !== "ok" &&
      result.fault.kind === "refused" &&
      result.fault.code === INVALID_STATUS_CALLBACK
    )
      result = await api.createMessage({ to, ...content }, send.signal);
    return result.kind === "ok"
      ? { kind: "sent", externalIds: [result.value] }
      : sendResultOf(result.fault, words);
  }

  return {
    sendText: (to, text, send) => create(to, { body: text }, send),
    sendMedia: async (to, { url, contentType }, send) =>
      TAKEN.has(contentType?.split(";", 1)[0] ?? "") ? create(to, { mediaUrl: [url] }, send) : null,
    sendTemplate:
      template === undefined
        ? null
        : (to, send) => {
            const { contentSid, variables } = template;
            return create(to, { contentSid, contentVariables: JSON.stringify(variables) }, send);
          },
  };
}
