import type { Connection } from "../connection.ts";
import type { ApiAnswer } from "../wire/answer-calls.ts";
import type { ApiCall } from "../wire/api-call.ts";
import type { World } from "../world.ts";
import { createLine, openChat, type StoredFile, type StoredMessage } from "./line.ts";
import { createPhone } from "./phone.ts";
import { deliver } from "./receipts.ts";
import { createTwilioCalls } from "./twilio-calls.ts";
import { twilioEvents } from "./twilio-events.ts";
import type { NewMessage } from "./twilio-messages.ts";
import { accountPath, createSentMessages } from "./twilio-sent.ts";
import { createTwilioWebhook } from "./twilio-webhook.ts";

export interface TwilioAccount {
  name: string;
  accountSid: string;
  authToken: string;
  /** `whatsapp:+…` */
  from: string;
  /** The URL that gets messages; null: none. */
  webhookUrl: string | null;
}

export interface TwilioLine {
  phone: Connection;
  accountSid: string;
  answer(call: ApiCall, at: string): Promise<ApiAnswer>;
}

const FAILURES = {
  window: {
    code: 63016,
    title: "Failed to send freeform message because you are outside the allowed window.",
  },
  unreachable: { code: 63024, title: "Invalid message recipient" },
};

/** A Twilio account with one WhatsApp sender. */
export function createTwilioLine(world: World, account: TwilioAccount, root: () => string): TwilioLine {
  const { accountSid, authToken, from } = account;
  const line = createLine(account.name, from.replace(/\D/g, ""), world.firstId);
  line.webhookUrl = account.webhookUrl;
  const callbacks = new Map<string, string>();
  const nextSid = (kind: string) => `${kind}${(++line.lastId).toString(16).padStart(32, "0")}`;
  const nextFileId = () => nextSid("ME");
  const urlOf = ({ id }: StoredFile) =>
    `${root()}${accountPath(accountSid)}/Messages/MM${id.slice(2)}/Media/${id}`;

  const sent = createSentMessages(account);
  const post = createTwilioWebhook(world, account, reply);
  const events = twilioEvents({ account, line, post, callbacks, nextFileId, urlOf });

  function reply(to: string, text: string): void {
    send({ to, text, choices: [], mediaUrl: null, isTemplate: false, statusCallback: null }, null);
  }

  function send(content: NewMessage, file: StoredFile | null): object {
    const { to, text, choices, isTemplate, statusCallback } = content;
    const chat = openChat(line, to);
    const id = nextSid(file === null ? "SM" : "MM");
    const at = world.clock.now();
    const common = { id, from: "bot", text, choices, file, at } as const;
    const message: StoredMessage = { ...common, replyTo: null, receipt: null, isTemplate };
    if (statusCallback !== null) callbacks.set(id, statusCallback);
    const oldest = callbacks.size > 1_000 ? callbacks.keys().next().value : undefined;
    if (oldest !== undefined) callbacks.delete(oldest);
    const description = sent.add(message, to);
    deliver(world, events, chat, message, FAILURES);
    return description;
  }

  return {
    phone: createPhone({
      world,
      line,
      events,
      nextId: (hasFile) => nextSid(hasFile ? "MM" : "SM"),
      nextFileId,
      settings: () => ({
        TWILIO_API_BASE_URL: root(),
        TWILIO_ACCOUNT_SID: accountSid,
        TWILIO_AUTH_TOKEN: authToken,
        TWILIO_WHATSAPP_FROM: from,
        ...(line.webhookUrl === null ? {} : { TWILIO_WEBHOOK_URL: line.webhookUrl }),
      }),
    }),
    accountSid,
    answer: createTwilioCalls({ world, account, line, sent, send, nextSid }),
  };
}
