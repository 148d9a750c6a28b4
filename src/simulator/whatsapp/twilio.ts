import type { Connection } from "../connection.ts";
import type { ApiAnswer } from "../wire/answer-calls.ts";
import type { ApiCall } from "../wire/api-call.ts";
import { withEventFaults } from "../wire/event-order.ts";
import { createOrder } from "../wire/in-order.ts";
import { isSuccess, postEvent } from "../wire/post-event.ts";
import type { World } from "../world.ts";
import { fetchMedia } from "./fetch-media.ts";
import { addFile, createLine, openChat, type StoredFile, type StoredMessage } from "./line.ts";
import { createPhone } from "./phone.ts";
import type { ProviderEvents } from "./provider.ts";
import { deliver } from "./receipts.ts";
import { vcardOf } from "./things.ts";
import { messageForm, reactionForm, statusForm } from "./twilio-forms.ts";
import {
  type NewMessage,
  readMessage,
  readTemplate,
  readTwiml,
  refuse,
  type Template,
} from "./twilio-messages.ts";
import { signatureOf } from "./twilio-signature.ts";

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
/** Twilio waits this long for the answer of a webhook. */
const PATIENCE_MS = 15_000;
const TYPING_MS = 25_000;

/** A Twilio account with one WhatsApp sender. */
export function createTwilioLine(world: World, account: TwilioAccount, root: () => string): TwilioLine {
  const { accountSid, authToken, from } = account;
  const line = createLine(account.name, from.replace(/\D/g, ""), world.firstId);
  line.webhookUrl = account.webhookUrl;
  const templates = new Map<string, Template>();
  const callbacks = new Map<string, string>();
  const listed: { message: StoredMessage; to: string; date: string }[] = [];
  const nextSid = (kind: string) => `${kind}${(++line.lastId).toString(16).padStart(32, "0")}`;
  const path = `/2010-04-01/Accounts/${accountSid}`;
  const fileUrl = ({ id }: StoredFile) => `${root()}${path}/Messages/MM${id.slice(2)}/Media/${id}`;

  const inOrder = createOrder();
  const post = withEventFaults(world, "whatsapp", ({ chat, url, name, params }: Form) => {
    const body = new URLSearchParams(params).toString();
    const headers = {
      "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
      "user-agent": "TwilioProxy/1.1",
      "i-twilio-idempotency-token": `${params.MessageSid ?? ""}-${name}`,
      "x-twilio-signature": signatureOf(authToken, url, params),
    };
    const attempt = () =>
      postEvent(world, { platform: "whatsapp", name, url, headers, body, timeoutMs: PATIENCE_MS });
    inOrder(chat, async () => {
      const first = await attempt();
      // Twilio repeats once, and only where there was no answer.
      const answer = first.status === null ? await attempt() : first;
      if (name !== "message" || !isSuccess(answer)) return;
      for (const text of readTwiml(answer.body)) if (text !== "") reply(chat, text);
    });
  });

  function reply(to: string, text: string): void {
    const content = { to, text, choices: [], mediaUrl: null, isTemplate: false, statusCallback: null };
    accept(content, null);
  }

  const events: ProviderEvents = {
    message(chat, message, pressed) {
      if (line.webhookUrl === null) return;
      const { thing } = message;
      const file = thing?.kind === "contact" ? addFile(line, nextSid("ME"), vcardOf(thing)) : message.file;
      const media = file && { contentType: file.contentType, url: fileUrl(file) };
      const params = messageForm(account, chat, message, pressed, media);
      post({ chat: chat.number, url: line.webhookUrl, name: "message", params });
    },
    reaction(chat, { id }, reaction) {
      if (line.webhookUrl === null) return;
      const params = reactionForm(account, chat, id, reaction);
      post({ chat: chat.number, url: line.webhookUrl, name: "message", params });
    },
    status(chat, { id }, receipt, failure) {
      const url = callbacks.get(id);
      // Twilio does not report that a voice message was played.
      if (url === undefined || receipt === "played") return;
      const status = failure === null ? receipt : failure.code === 63016 ? "failed" : "undelivered";
      const params = statusForm(account, chat, id, { status, isRead: receipt === "read", failure });
      post({ chat: chat.number, url, name: `status ${status}`, params });
    },
  };

  function accept(content: NewMessage, file: StoredFile | null): ApiAnswer {
    const { to, text, choices, isTemplate, statusCallback } = content;
    const chat = openChat(line, to);
    const id = nextSid(file === null ? "SM" : "MM");
    const at = world.clock.now();
    const message: StoredMessage = {
      id,
      from: "bot",
      text,
      choices,
      file,
      replyTo: null,
      at,
      receipt: null,
      isTemplate,
    };
    if (statusCallback !== null) callbacks.set(id, statusCallback);
    const oldest = callbacks.size > 1_000 ? callbacks.keys().next().value : undefined;
    if (oldest !== undefined) callbacks.delete(oldest);
    listed.unshift({ message, to, date: new Date(at).toUTCString() });
    listed.splice(500);
    deliver(world, events, chat, message, FAILURES);
    return { status: 201, body: resource(message, to, new Date(at).toUTCString(), "queued") };
  }

  function resource(message: StoredMessage, to: string, date: string, status: string): object {
    return {
      sid: message.id,
      account_sid: accountSid,
      messaging_service_sid: null,
      from,
      to: `whatsapp:+${to}`,
      body: message.text,
      status,
      num_media: message.file === null ? "0" : "1",
      num_segments: "1",
      direction: "outbound-api",
      api_version: "2010-04-01",
      date_created: date,
      date_updated: date,
      date_sent: null,
      error_code: null,
      error_message: null,
      price: null,
      price_unit: null,
      uri: `${path}/Messages/${message.id}.json`,
      subresource_uris: { media: `${path}/Messages/${message.id}/Media.json` },
    };
  }

  function accountObject(): object {
    const began = new Date(world.clock.now()).toUTCString();
    return {
      sid: accountSid,
      owner_account_sid: accountSid,
      friendly_name: "Simulated",
      status: "active",
      type: "Full",
      date_created: began,
      date_updated: began,
      uri: `${path}.json`,
      subresource_uris: { messages: `${path}/Messages.json` },
    };
  }

  async function create(payload: Record<string, unknown>): Promise<ApiAnswer> {
    const content = readMessage(line, templates, payload);
    if ("status" in content) return content;
    if (content.mediaUrl === null) return accept(content, null);
    const file = await fetchMedia(world, content.mediaUrl);
    return accept(content, addFile(line, nextSid("ME"), file));
  }

  /** The calls below the account's path and on Twilio's other hosts. */
  async function answer(call: ApiCall, at: string): Promise<ApiAnswer> {
    const { method, payload, query, headers } = call;
    const right = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString("base64")}`;
    if (headers.authorization !== right) return refuse(401, 20003, "Authenticate");
    const one = new RegExp(`^${path}/Messages/(\\w+)\\.json$`).exec(at)?.[1];
    const medium = /\/Media\/(ME\w+)$/.exec(at)?.[1];
    const file = line.files.get(medium ?? "");
    if (medium !== undefined && file !== undefined)
      return { status: 200, headers: { "content-type": file.contentType }, body: file.bytes };
    if (method === "GET" && at === `${path}.json`)
      return {
        status: 200,
        body: accountObject(),
      };
    if (at === `${path}/Messages.json`) return method === "POST" ? create(payload) : list(query);
    const found = listed.find(({ message }) => message.id === one);
    if (found !== undefined)
      return {
        status: 200,
        body: resource(found.message, found.to, found.date, found.message.receipt ?? "queued"),
      };
    if (method === "POST" && at === "/v2/Indicators/Typing.json") return showTyping(payload);
    if (method === "GET" && at === "/v2/Channels/Senders")
      return {
        status: 200,
        body: { senders: [{ sid: "XE0", sender_id: from, status: "ONLINE" }], meta: META_PAGE },
      };
    if (method === "POST" && at === "/v1/Content") {
      const template = readTemplate(nextSid("HX"), payload);
      templates.set(template.sid, template);
      return {
        status: 201,
        body: {
          ...payload,
          sid: template.sid,
          account_sid: accountSid,
          date_created: new Date(world.clock.now()).toISOString(),
        },
      };
    }
    return refuse(404, 20404, `The requested resource ${at} was not found`);
  }

  function list(query: URLSearchParams): ApiAnswer {
    const to = query.get("To")?.replace(/\D/g, "");
    const messages = listed
      .filter((each) => to === undefined || each.to === to)
      .map((each) => resource(each.message, each.to, each.date, each.message.receipt ?? "queued"));
    const uri = `${path}/Messages.json`;
    const pages = { first_page_uri: uri, previous_page_uri: null, next_page_uri: null, uri };
    const place = { page: 0, page_size: 50, start: 0, end: Math.max(0, messages.length - 1) };
    return { status: 200, body: { messages, ...place, ...pages } };
  }

  function showTyping({ channel, messageId }: Record<string, unknown>): ApiAnswer {
    const chat = [...line.chats.values()].find(({ messages }) => messages.some(({ id }) => id === messageId));
    if (channel !== "whatsapp" || chat === undefined) return refuse(400, 20001, "Invalid messageId");
    chat.typingUntil = world.clock.now() + TYPING_MS;
    for (const message of chat.messages) if (message.from === "user") message.receipt = "read";
    world.changed();
    return { status: 200, body: { success: true } };
  }

  return {
    phone: createPhone({
      world,
      line,
      events,
      nextId: (hasFile) => nextSid(hasFile ? "MM" : "SM"),
      nextFileId: () => nextSid("ME"),
      settings: () => ({
        TWILIO_API_BASE_URL: root(),
        TWILIO_ACCOUNT_SID: accountSid,
        TWILIO_AUTH_TOKEN: authToken,
        TWILIO_WHATSAPP_FROM: from,
        ...(line.webhookUrl === null ? {} : { TWILIO_WEBHOOK_URL: line.webhookUrl }),
      }),
    }),
    accountSid,
    answer,
  };
}

export interface TwilioLine {
  phone: Connection;
  accountSid: string;
  answer(call: ApiCall, at: string): Promise<ApiAnswer>;
}

interface Form {
  chat: string;
  url: string;
  name: string;
  params: Record<string, string>;
}

const META_PAGE = { page: 0, page_size: 50, next_page_url: null, key: "senders" };
