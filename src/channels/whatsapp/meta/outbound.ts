import { withOptions } from "../../../core/button.ts";
import type { SendResult } from "../../../core/outbound.ts";
import { sendResultOf } from "../errors.ts";
import type { JsonBody } from "../json-body.ts";
import type { Provider, Send } from "../provider.ts";
import { metaWords } from "./codes.ts";
import type { MetaConfig, MetaTemplate } from "./config.ts";
import type { GraphApi } from "./graph-api.ts";
import { interactiveOf } from "./interactive.ts";

/** The longest text, in characters (Meta, "Text messages"); in UTF-16 code units it is never more. */
export const META_TEXT_LIMIT = 4096;

/** A parameter that is invalid, missing or not valid (Meta, "Error codes"): nothing was sent. */
const FORM_REFUSED: ReadonlySet<string> = new Set(["meta_100", "meta_131008", "meta_131009"]);

/** What a file is called in a message (Meta, "Media messages"). */
const TYPES = { image: "image", audio: "audio", video: "video", file: "document" } as const;

/** Sends messages through the Cloud API. */
export function createOutbound(
  api: GraphApi,
  { template, listButton }: Pick<MetaConfig, "template" | "listButton">,
): Pick<Provider, "sendText" | "sendMedia" | "sendChoice" | "sendTemplate"> {
  async function post(to: string, content: JsonBody, { deliveryId, signal }: Send): Promise<SendResult> {
    const about = { recipient_type: "individual", biz_opaque_callback_data: deliveryId };
    const result = await api.sendMessage({ ...about, ...recipientOf(to), ...content }, signal);
    return result.kind === "ok"
      ? { kind: "sent", externalIds: [result.id] }
      : sendResultOf(result.fault, metaWords);
  }

  // Without previews: WhatsApp would fetch every address a model writes.
  const sendText: Provider["sendText"] = (to, body, send) =>
    post(to, { type: "text", text: { body, preview_url: false } }, send);

  return {
    sendText,
    async sendMedia(to, { kind, name, contentType, url }, send) {
      // Pictures of other types than these are refused after the fact.
      const type = kind === "image" && !/^image\/(jpeg|png)$/.test(contentType ?? "") ? null : TYPES[kind];
      if (type === null) return null;
      const filename = type === "document" && name !== null ? { filename: name } : {};
      return post(to, { type, [type]: { link: url, ...filename } }, send);
    },
    async sendChoice(to, text, choice, send) {
      const interactive = interactiveOf(text, choice, listButton);
      const result = await post(to, { type: "interactive", interactive }, send);
      // Two labels that are the same, for one: what is refused as buttons is written down.
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

/** Numbers and business-scoped ids go into fields of their own (Meta, "Business-scoped user IDs"). */
function recipientOf(address: string): { to: string } | { recipient: string } {
  const name = address.replace(/^whatsapp:/, "");
  return /^\+\d+$/.test(name) ? { to: name.slice(1) } : { recipient: name };
}

function templateOf({ name, language, variables }: MetaTemplate): JsonBody {
  const names = Object.keys(variables);
  // A template has placeholders that are numbered, in order, or placeholders with names.
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
