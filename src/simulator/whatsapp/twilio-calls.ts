import type { ApiAnswer } from "../wire/answer-calls.ts";
import type { ApiCall } from "../wire/api-call.ts";
import type { World } from "../world.ts";
import { fetchMedia } from "./fetch-media.ts";
import { addFile, type Line, type StoredFile } from "./line.ts";
import type { TwilioAccount } from "./twilio.ts";
import { type NewMessage, readMessage, readTemplate, refuse, type Template } from "./twilio-messages.ts";
import { accountPath, type SentMessages } from "./twilio-sent.ts";

export interface TwilioCallsDeps {
  world: World;
  account: TwilioAccount;
  line: Line;
  sent: SentMessages;
  /** Sends a message that the calls have read. Returns its description. */
  send(content: NewMessage, file: StoredFile | null): object;
  /** A new id of a kind, such as `ME…`. */
  nextSid(kind: string): string;
}

const TYPING_MS = 25_000;
const META_PAGE = { page: 0, page_size: 50, next_page_url: null, key: "senders" };

/** Answers the calls below the account's path and on Twilio's other hosts. */
export function createTwilioCalls({ world, account, line, sent, send, nextSid }: TwilioCallsDeps) {
  const { accountSid, authToken, from } = account;
  const path = accountPath(accountSid);
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString("base64")}`;
  const oneMessage = new RegExp(`^${path}/Messages/(\\w+)\\.json$`);
  const templates = new Map<string, Template>();

  function describeAccount(): object {
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

  async function createMessage(payload: Record<string, unknown>): Promise<ApiAnswer> {
    const content = readMessage(line, templates, payload);
    if ("status" in content) return content;
    if (content.mediaUrl === null) return { status: 201, body: send(content, null) };
    const file = await fetchMedia(world, content.mediaUrl);
    return { status: 201, body: send(content, addFile(line, nextSid("ME"), file)) };
  }

  function createTemplate(payload: Record<string, unknown>): ApiAnswer {
    const template = readTemplate(nextSid("HX"), payload);
    templates.set(template.sid, template);
    const date_created = new Date(world.clock.now()).toISOString();
    const body = { ...payload, sid: template.sid, account_sid: accountSid, date_created };
    return { status: 201, body };
  }

  function showTyping({ channel, messageId }: Record<string, unknown>): ApiAnswer {
    const chat = [...line.chats.values()].find(({ messages }) => messages.some(({ id }) => id === messageId));
    if (channel !== "whatsapp" || chat === undefined) return refuse(400, 20001, "Invalid messageId");
    chat.typingUntil = world.clock.now() + TYPING_MS;
    for (const message of chat.messages) if (message.from === "user") message.receipt = "read";
    world.changed();
    return ok({ success: true });
  }

  return async ({ method, payload, query, headers }: ApiCall, at: string): Promise<ApiAnswer> => {
    if (headers.authorization !== authorization) return refuse(401, 20003, "Authenticate");
    const file = line.files.get(/\/Media\/(ME\w+)$/.exec(at)?.[1] ?? "");
    if (file) return { status: 200, headers: { "content-type": file.contentType }, body: file.bytes };
    if (method === "GET" && at === `${path}.json`) return ok(describeAccount());
    if (at === `${path}/Messages.json`)
      return method === "POST" ? createMessage(payload) : ok(sent.list(query));
    const message = sent.find(oneMessage.exec(at)?.[1]);
    if (message !== undefined) return ok(message);
    if (method === "POST" && at === "/v2/Indicators/Typing.json") return showTyping(payload);
    if (method === "GET" && at === "/v2/Channels/Senders")
      return ok({ senders: [{ sid: "XE0", sender_id: from, status: "ONLINE" }], meta: META_PAGE });
    if (method === "POST" && at === "/v1/Content") return createTemplate(payload);
    return refuse(404, 20404, `The requested resource ${at} was not found`);
  };
}

const ok = (body: object): ApiAnswer => ({ status: 200, body });
