import type { SendResult } from "../../../core/outbound.ts";
import { sendResultOf } from "../errors.ts";
import type { Provider, Send } from "../provider.ts";
import { twilioWords } from "./codes.ts";
import type { TwilioTemplate } from "./config.ts";
import type { RestApi } from "./rest-api.ts";
import { statusUrlOf } from "./status.ts";

/** The longest `Body`, in characters (Twilio, "Message resource"); in UTF-16 code units it is never more. */
export const TWILIO_TEXT_LIMIT = 1600;

/** The types that WhatsApp takes through Twilio (Twilio, "Accepted content types"); others are links. */
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
  /** Where Twilio reports what became of a message; null where it cannot reach us. */
  statusUrl: string | null;
}

/** Twilio cannot call the address it is given, such as one of this machine (twilio.com/docs/api/errors/21609). */
const INVALID_STATUS_CALLBACK = 21609;

/** Creates messages at Twilio. */
export function createOutbound({
  api,
  template,
  statusUrl,
}: OutboundDeps): Pick<Provider, "sendText" | "sendMedia" | "sendTemplate"> {
  async function create(to: string, content: Record<string, string>, send: Send): Promise<SendResult> {
    const callback: Record<string, string> =
      statusUrl === null ? {} : { StatusCallback: statusUrlOf(statusUrl, send.deliveryId) };
    let result = await api.createMessage({ To: to, ...content, ...callback }, send.signal);
    // Then nothing was sent: rather without receipts than not at all.
    if (
      result.kind !== "ok" &&
      result.fault.kind === "refused" &&
      result.fault.code === INVALID_STATUS_CALLBACK
    )
      result = await api.createMessage({ To: to, ...content }, send.signal);
    return result.kind === "ok"
      ? { kind: "sent", externalIds: [result.sid] }
      : sendResultOf(result.fault, twilioWords);
  }

  return {
    sendText: (to, text, send) => create(to, { Body: text }, send),
    sendMedia: async (to, { url, contentType }, send) =>
      TAKEN.has(contentType ?? "") ? create(to, { MediaUrl: url }, send) : null,
    sendTemplate:
      template === undefined
        ? null
        : (to, send) => {
            const { contentSid, variables } = template;
            return create(to, { ContentSid: contentSid, ContentVariables: JSON.stringify(variables) }, send);
          },
  };
}
