import { keepNewest } from "../line/keep-newest.ts";
import type { StoredFile, StoredMessage } from "../line/line.ts";
import {
  addMessage,
  type Chat,
  type Choice,
  createLine,
  type Failure,
  openChat,
  type Receipt,
} from "../line/line.ts";
import { deliver } from "../line/receipts.ts";
import { createAccountCalls } from "../twilio/account-calls.ts";
import { accountPath } from "../twilio/answers.ts";
import type { TwilioLine } from "../twilio/routes.ts";
import { createSentMessages } from "../twilio/sent.ts";
import type { Template } from "../twilio/templates.ts";
import { createTwilioWebhook } from "../twilio/webhook.ts";
import type { World } from "../world.ts";
import { addressOf, type SmsAccount, type SmsLine, wayOf } from "./account.ts";
import { messageForm, ourAddress, segmentsIn, statusForm } from "./forms.ts";
import { type NewSms, readSms } from "./messages.ts";
import { answerKeyword } from "./opt-outs.ts";
import { createSmsPhone } from "./phone.ts";
import { createSmsCalls } from "./sms-calls.ts";

const LADDERS = { sms: ["sent", "delivered"], rcs: ["sent", "delivered", "read"] } as const;
const BLOCKED: Failure = { code: 30004, title: "Message blocked" };
const WITHOUT_RCS: Failure = { code: 63024, title: "Invalid message recipient" };

/** A Twilio account with one number, and with an RCS sender if it is configured. */
export function createSmsLine(world: World, account: SmsAccount, root: () => string): TwilioLine {
  const { accountSid, authToken, from, name } = account;
  const place = { platform: "sms", name, number: from.replace(/\D/g, "") } as const;
  const own = { optedOut: new Set<string>(), withoutRcs: new Set<string>() };
  const line: SmsLine = { ...createLine(place, world.firstId), ...own, webhookUrl: account.webhookUrl };
  const callbacks = new Map<string, string>();
  const templates = new Map<string, Template>();
  const nextSid = (kind: string) => `${kind}${(++line.lastId).toString(16).padStart(32, "0")}`;
  const sent = createSentMessages(accountSid);
  const post = createTwilioWebhook(world, { platform: "sms", authToken }, (to, text) => {
    if (!line.optedOut.has(to)) send({ ...plain(text), to, via: wayOf(account, line, to) }, null);
  });

  function newMessage({ text, choices, via }: NewSms, file: StoredFile | null): StoredMessage {
    const common = { id: nextSid(file === null ? "SM" : "MM"), from: "bot", text, file, via } as const;
    // A phone without RCS shows no suggestions.
    const shown = via === "rcs" ? choices : [];
    const at = world.clock.now();
    return { ...common, choices: shown, replyTo: null, at, receipt: null, isTemplate: false };
  }

  function send(content: NewSms, file: StoredFile | null): object {
    const { to, via, serviceSid, statusCallback } = content;
    const chat = openChat(line, to);
    const message = newMessage(content, file);
    if (statusCallback !== null) keepNewest(callbacks, message.id, statusCallback);
    const addresses = { from: ourAddress(account, via), to: addressOf(to, via), serviceSid };
    const description = sent.add(message, { ...addresses, segments: segmentsIn(message) });
    const failure = obstacle(chat, via);
    const report = (receipt: Receipt) => reportStatus(chat, message, receipt, failure);
    deliver({ world, chat, message, failure, ladder: LADDERS[via], report });
    return description;
  }

  /** The reason why a message does not reach the phone; null: it does. */
  function obstacle(chat: Chat, via: "sms" | "rcs"): Failure | null {
    if (chat.isBlocked || world.faults.blocks("sms", chat.number)) return BLOCKED;
    return via === "rcs" && line.withoutRcs.has(chat.number) ? WITHOUT_RCS : null;
  }

  function reportStatus(chat: Chat, message: StoredMessage, receipt: Receipt, failure: Failure | null): void {
    const url = callbacks.get(message.id);
    if (url === undefined) return;
    const status = failure === null ? receipt : "undelivered";
    const params = statusForm(account, chat.number, message, { status, failure });
    post({ chat: chat.number, url, name: `status ${status}`, params });
  }

  function wrote(chat: Chat, message: StoredMessage, pressed: Choice | null): void {
    const { file, text, via = "sms" } = message;
    const url = (id: string) => `${root()}${accountPath(accountSid)}/Messages/MM${id.slice(2)}/Media/${id}`;
    const media = file && { contentType: file.contentType, url: url(file.id) };
    if (line.webhookUrl !== null) {
      const params = messageForm(account, chat.number, message, { pressed, file: media });
      post({ chat: chat.number, url: line.webhookUrl, name: "message", params });
    }
    if (file !== null) return;
    const answer = answerKeyword(text, line.optedOut.has(chat.number));
    line.optedOut[answer.isOptedOut ? "add" : "delete"](chat.number);
    if (answer.text !== null)
      addMessage(chat, newMessage({ ...plain(answer.text), to: chat.number, via }, null));
  }

  return {
    accountSid,
    phone: createSmsPhone({
      world,
      account,
      line,
      nextSid,
      wrote,
      settings: () => settingsOf(account, line, root()),
    }),
    answer: createAccountCalls({
      world,
      account,
      line,
      sent,
      templates,
      messages: {
        read: (payload) => readSms(account, line, templates, payload),
        send,
        others: createSmsCalls(account, line),
        nextSid,
      },
    }),
  };
}

/** A message of words alone, which no call has asked for. */
const plain = (text: string) => ({
  text,
  choices: [],
  mediaUrl: null,
  serviceSid: null,
  statusCallback: null,
});

function settingsOf({ accountSid, authToken, from, rcs }: SmsAccount, line: SmsLine, root: string) {
  return {
    TWILIO_SMS_API_BASE_URL: root,
    TWILIO_SMS_ACCOUNT_SID: accountSid,
    TWILIO_SMS_AUTH_TOKEN: authToken,
    TWILIO_SMS_FROM: from,
    ...(rcs === undefined
      ? {}
      : { TWILIO_RCS_SENDER: rcs.sender, TWILIO_MESSAGING_SERVICE_SID: rcs.messagingServiceSid }),
    ...(line.webhookUrl === null ? {} : { TWILIO_SMS_WEBHOOK_URL: line.webhookUrl }),
  };
}
