import type { Chat, Line, StoredMessage } from "../line/line.ts";
import type { World } from "../world.ts";
import type { MetaEvent } from "./meta-webhook.ts";
import type { PressedChoice, ProviderEvents } from "./provider.ts";
import { thingContent } from "./things.ts";

export interface MetaEventsDeps {
  world: World;
  line: Pick<Line, "number">;
  post(event: MetaEvent): void;
  /** The value that a send gave to its receipts, by message id. */
  callbackData: ReadonlyMap<string, string>;
}

/** Messages, reactions and receipts in the format of Meta. */
export function metaEvents({ world, line, post, callbackData }: MetaEventsDeps): ProviderEvents {
  const contactOf = (chat: Chat) => ({ profile: { name: chat.title }, wa_id: chat.number });

  return {
    message(chat, message, pressed) {
      const { id, replyTo, at } = message;
      const context = replyTo === null ? {} : { context: { from: line.number, id: replyTo } };
      const sent = {
        from: chat.number,
        id,
        timestamp: String(Math.floor(at / 1000)),
        ...context,
        ...messageContent(message, pressed),
      };
      post({ chat: chat.number, name: "messages", value: { contacts: [contactOf(chat)], messages: [sent] } });
    },
    reaction(chat, { id: message_id }, { id, emoji }) {
      const reaction = emoji === "" ? { message_id } : { message_id, emoji };
      const sent = {
        from: chat.number,
        id,
        timestamp: String(world.clock.seconds()),
        type: "reaction",
        reaction,
      };
      post({ chat: chat.number, name: "messages", value: { contacts: [contactOf(chat)], messages: [sent] } });
    },
    status(chat, { id }, receipt, failure) {
      const data = callbackData.get(id);
      const status = {
        id,
        status: receipt,
        timestamp: String(world.clock.seconds()),
        recipient_id: chat.number,
        ...(data === undefined ? {} : { biz_opaque_callback_data: data }),
        ...(failure === null
          ? {}
          : { errors: [{ code: failure.code, title: failure.title, message: failure.title }] }),
      };
      post({ chat: chat.number, name: `status ${receipt}`, value: { statuses: [status] } });
    },
  };
}

/** The content of a user's message, with its type. */
function messageContent({ text, thing, file }: StoredMessage, pressed: PressedChoice | null): object {
  if (pressed !== null) {
    const { kind, id, title, filled } = pressed;
    if (kind === "flow") {
      const nfm_reply = { name: "flow", body: "Sent", response_json: JSON.stringify(filled) };
      return { type: "interactive", interactive: { type: "nfm_reply", nfm_reply } };
    }
    return { type: "interactive", interactive: { type: `${kind}_reply`, [`${kind}_reply`]: { id, title } } };
  }
  if (thing !== undefined) return thingContent(thing);
  if (file === null) return { type: "text", text: { body: text } };
  const kind = file.contentType.split("/")[0] ?? "";
  const type = ["image", "audio", "video"].includes(kind) ? kind : "document";
  const caption = text === "" ? {} : { caption: text };
  const { id, contentType: mime_type, name: filename } = file;
  return { type, [type]: { id, mime_type, sha256: "", filename, ...caption } };
}
