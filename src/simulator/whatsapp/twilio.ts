import { keepNewest } from "../line/keep-newest.ts";
import { createLine, openChat, type StoredFile, type StoredMessage } from "../line/line.ts";
import { createAccountCalls } from "../twilio/account-calls.ts";
import { accountPath } from "../twilio/answers.ts";
import type { TwilioLine } from "../twilio/routes.ts";
import { createSentMessages } from "../twilio/sent.ts";
import type { Template } from "../twilio/templates.ts";
import { createTwilioWebhook } from "../twilio/webhook.ts";
import type { World } from "../world.ts";
import { createPhone } from "./phone.ts";
import { deliverToWhatsapp } from "./receipts.ts";
import { createWhatsappCalls } from "./twilio-calls.ts";
import { twilioEvents } from "./twilio-events.ts";
import { type NewMessage, readMessage } from "./twilio-messages.ts";

export interface TwilioAccount {
  name: string;
  accountSid: string;
  authToken: string;
  /** `whatsapp:+…` */
  from: string;
  /** The URL that gets messages; null: none. */
  webhookUrl: string | null;
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
  const { accountSid, authToken, from, name } = account;
  const line = createLine({ platform: "whatsapp", name, number: from.replace(/\D/g, "") }, world.firstId);
  line.webhookUrl = account.webhookUrl;
  const callbacks = new Map<string, string>();
  const templates = new Map<string, Template>();
  const nextSid = (kind: string) => `${kind}${(++line.lastId).toString(16).padStart(32, "0")}`;
  const nextFileId = () => nextSid("ME");
  const urlOf = ({ id }: StoredFile) =>
    `${root()}${accountPath(accountSid)}/Messages/MM${id.slice(2)}/Media/${id}`;

  const sent = createSentMessages(accountSid);
  const post = createTwilioWebhook(world, { platform: "whatsapp", authToken }, reply);
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
    if (statusCallback !== null) keepNewest(callbacks, id, statusCallback);
    const addresses = { from, to: `whatsapp:+${to}`, serviceSid: null, segments: 1 };
    const description = sent.add(message, addresses);
    deliverToWhatsapp(world, events, chat, message, FAILURES);
    return description;
  }

  const read = (payload: Record<string, unknown>) => readMessage(line, templates, payload);
  const others = createWhatsappCalls(world, account, line);
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
    answer: createAccountCalls({
      world,
      account,
      line,
      sent,
      templates,
      messages: { read, send, others, nextSid },
    }),
  };
}
