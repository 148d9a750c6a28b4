import { withOptions } from "../../../core/message/button.ts";
import type { SendResult } from "../../../core/message/outbound.ts";
import { sendResultOf } from "../../kit/api-meaning.ts";
import type { JsonBody } from "../../kit/json-body.ts";
import type { Provider, Send } from "../provider.ts";
import { metaWords } from "./codes.ts";
import type { MetaConfig, MetaTemplate } from "./config.ts";
import type { GraphApi, Recipient } from "./graph-api.ts";
import { interactiveOf } from "./interactive.ts";

/** The longest text, in characters (Meta, "Text messages"). In UTF-16 code units it never exceeds the limit. */
export const META_TEXT_LIMIT = 4096;

/** An invalid or missing parameter (Meta, "Error codes"): nothing was sent. */
const FORM_REFUSED: ReadonlySet<string> = new Set(["meta_100", "meta_131008", "meta_131009"]);

/** The type of a file in a message (Meta, "Media messages"). */
const TYPES = { image: "image", audio: "audio", video: "video", file: "document" } as const;

/** Sends messages through the Cloud API. */
export function createOutbound(
  api: GraphApi,
  { template, listButton }: Pick<MetaConfig, "template" | "listButton">,
): Pick<Provider, "sendText" | "sendMedia" | "sendChoice" | "sendTemplate"> {
  async function post(to: string, content: JsonBody, { deliveryId, signal }: Send): Promise<SendResult> {
    const about = { recipient_type: "individual", biz_opaque_callback_data: deliveryId };
    const result = await api.sendMessage({ ...about, ...recipientOf(to), ...content }, signal);
    if (result.kind === "fault") return sendResultOf(result.fault, metaWords);
    const alsoKnownAs = otherNamesOf(to, result.recipient);
    return { kind: "sent", externalIds: [result.id], ...(alsoKnownAs.length === 0 ? {} : { alsoKnownAs }) };
  }

  // Without previews, because WhatsApp would fetch every URL that a model writes.
  const sendText: Provider["sendText"] = (to, body, send) =>
    post(to, { type: "text", text: { body, preview_url: false } }, send);

  return {
    sendText,
    async sendMedia(to, { kind, name, contentType, url, voice }, send) {
      // WhatsApp refuses pictures of other types only later, after it has accepted them.
      const type = kind === "image" && !/^image\/(jpeg|png)$/.test(contentType ?? "") ? null : TYPES[kind];
      if (type === null) return null;
      const filename = type === "document" && name !== null ? { filename: name } : {};
      const shown = voice === undefined ? {} : { voice: true };
      return post(to, { type, [type]: { link: url, ...filename, ...shown } }, send);
    },
    async sendChoice(to, text, choice, send) {
      const interactive = interactiveOf(text, choice, listButton);
      const result = await post(to, { type: "interactive", interactive }, send);
      // For example, two buttons have the same label. Refused buttons are written as text.
      return result.kind === "failed" && FORM_REFUSED.has(result.code)
        ? sendText(to, withOptions(text, choice.buttons), send)
        : result;
    },
    sendTemplate:
      template === undefined
        ? null
        : (to, send) => post(to, { type: "template", template: templateOf(template) }, send),
  };
}

/** The names of the user's next message: the number in WhatsApp's form (one digit less), or the user's id. */
function otherNamesOf(to: string, { waId, userId }: Recipient): string[] {
  const names = [
    ...(waId !== undefined && /^\d+$/.test(waId) ? [`whatsapp:+${waId}`] : []),
    ...(userId === undefined ? [] : [`whatsapp:${userId}`]),
  ];
  return names.filter((name) => name !== to);
}

/** Numbers and business-scoped ids have their own fields (Meta, "Business-scoped user IDs"). */
function recipientOf(address: string): { to: string } | { recipient: string } {
  const name = address.replace(/^whatsapp:/, "");
  return /^\+\d+$/.test(name) ? { to: name.slice(1) } : { recipient: name };
}

function templateOf({ name, language, variables }: MetaTemplate): JsonBody {
  const names = Object.keys(variables);
  // A template has either numbered placeholders, in order, or named ones.
  const isNumbered = names.every((each) => /^\d+$/.test(each));
  const ordered = isNumbered ? names.sort((a, b) => Number(a) - Number(b)) : names;
  const parameters = ordered.map((each) => ({
    type: "text",
    text: variables[each],
    ...(isNumbered ? {} : { parameter_name: each }),
  }));
  const components = parameters.length === 0 ? [] : [{ type: "body", parameters }];
  return { name, language: { code: language }, components };
}
