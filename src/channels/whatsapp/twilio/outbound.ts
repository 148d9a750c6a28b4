import { createMessageCreator, type MessageCreatorDeps } from "../../twilio/create-message.ts";
import type { Provider } from "../provider.ts";
import type { TwilioTemplate } from "./config.ts";
import { words } from "./words.ts";

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

export interface OutboundDeps extends Omit<MessageCreatorDeps, "words"> {
  template: TwilioTemplate | undefined;
}

/** Creates messages at Twilio. */
export function createOutbound({
  template,
  ...deps
}: OutboundDeps): Pick<Provider, "sendText" | "sendMedia" | "sendTemplate"> {
  const create = createMessageCreator({ ...deps, words });
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
