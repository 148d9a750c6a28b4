import type { SendResult } from "../../channel.ts";
import { sendResultOf } from "../errors.ts";
import type { JsonBody } from "../json-body.ts";
import type { Provider, Send } from "../provider.ts";
import { metaWords } from "./codes.ts";
import type { MetaTemplate } from "./config.ts";
import type { GraphApi } from "./graph-api.ts";

/** The longest text, in characters (Meta, "Text messages"); in UTF-16 code units it is never more. */
export const META_TEXT_LIMIT = 4096;

/** Sends messages through the Cloud API. */
export function createOutbound(
  api: GraphApi,
  template: MetaTemplate | undefined,
): Pick<Provider, "sendText" | "sendTemplate"> {
  async function post(to: string, content: JsonBody, { deliveryId, signal }: Send): Promise<SendResult> {
    const about = { recipient_type: "individual", biz_opaque_callback_data: deliveryId };
    const result = await api.sendMessage({ ...about, ...recipientOf(to), ...content }, signal);
    return result.kind === "ok"
      ? { kind: "sent", externalIds: [result.id] }
      : sendResultOf(result.fault, metaWords);
  }

  return {
    // Without previews: WhatsApp would fetch every address a model writes.
    sendText: (to, body, send) => post(to, { type: "text", text: { body, preview_url: false } }, send),
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
