import type { Line } from "../line/line.ts";
import { ok, refuse } from "../twilio/answers.ts";
import type { ApiAnswer } from "../wire/answer-calls.ts";
import type { ApiCall } from "../wire/api-call.ts";
import type { World } from "../world.ts";
import type { TwilioAccount } from "./twilio.ts";

const TYPING_MS = 25_000;
const META_PAGE = { page: 0, page_size: 50, next_page_url: null, key: "senders" };

/** Answers the calls that only WhatsApp has: "typing…", and the list of senders. Null: there is no such call. */
export function createWhatsappCalls(world: World, { from }: TwilioAccount, line: Line) {
  function showTyping({ channel, messageId }: Record<string, unknown>): ApiAnswer {
    const chat = [...line.chats.values()].find(({ messages }) => messages.some(({ id }) => id === messageId));
    if (channel !== "whatsapp" || chat === undefined) return refuse(400, 20001, "Invalid messageId");
    chat.typingUntil = world.clock.now() + TYPING_MS;
    for (const message of chat.messages) if (message.from === "user") message.receipt = "read";
    world.changed();
    return ok({ success: true });
  }

  function senders(): object {
    const webhook = { callback_url: line.webhookUrl, callback_method: "POST" };
    return { senders: [{ sid: "XE0", sender_id: from, status: "ONLINE", webhook }], meta: META_PAGE };
  }

  return ({ method, payload }: ApiCall, at: string): ApiAnswer | null => {
    if (method === "POST" && at === "/v2/Indicators/Typing.json") return showTyping(payload);
    return method === "GET" && at === "/v2/Channels/Senders" ? ok(senders()) : null;
  };
}
