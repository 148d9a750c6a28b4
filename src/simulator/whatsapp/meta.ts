import { createHmac } from "node:crypto";
import type { Connection } from "../connection.ts";
import { secretFor } from "../invented.ts";
import type { ApiAnswer } from "../wire/answer-calls.ts";
import type { ApiCall } from "../wire/api-call.ts";
import { withEventFaults } from "../wire/event-order.ts";
import { createOrder } from "../wire/in-order.ts";
import { isSuccess, postEvent } from "../wire/post-event.ts";
import type { World } from "../world.ts";
import { addFile, type Chat, createLine, openChat, type StoredFile, type StoredMessage } from "./line.ts";
import { type NewMetaMessage, readMessage, refuse } from "./meta-messages.ts";
import { createPhone } from "./phone.ts";
import type { ProviderEvents } from "./provider.ts";
import { deliver } from "./receipts.ts";
import { thingContent } from "./things.ts";

export interface MetaAccount {
  name: string;
  phoneNumberId: string;
  accessToken: string;
  appSecret: string;
  verifyToken: string;
  /** The URL that gets events; null: none. */
  webhookUrl: string | null;
}

const FAILURES = {
  window: { code: 131047, title: "Re-engagement message" },
  unreachable: { code: 131026, title: "Message undeliverable" },
};
const PATIENCE_MS = 10_000;
const TYPING_MS = 25_000;
const MOST_REPEATS = 12;

interface MetaEvent {
  chat: string;
  name: string;
  value: object;
}

export interface MetaLine {
  phone: Connection;
  account: MetaAccount;
  answer(call: ApiCall, at: string): Promise<ApiAnswer>;
}

/** A business number on Meta's Cloud API. */
export function createMetaLine(world: World, account: MetaAccount, root: () => string): MetaLine {
  const { phoneNumberId, accessToken, appSecret, verifyToken } = account;
  const line = createLine(account.name, "15550001111", world.firstId);
  line.webhookUrl = account.webhookUrl;
  const callbackData = new Map<string, string>();
  /** The URL that has answered Meta's check. */
  let verified: string | null = null;
  const nextWamid = () => `wamid.${Buffer.from(`${account.name} ${++line.lastId}`).toString("base64")}`;
  const fileUrl = ({ id }: StoredFile) => `${root()}/media/${id}`;

  const inOrder = createOrder();
  const post = withEventFaults(world, "whatsapp", (event: MetaEvent) => {
    const { webhookUrl: url } = line;
    if (url === null) return;
    const { body, headers } = signed(event.value);
    const attempt = async () => {
      if (verified !== url && !(await verify(url))) return false;
      const timeoutMs = PATIENCE_MS;
      return isSuccess(
        await postEvent(world, { platform: "whatsapp", name: event.name, url, headers, body, timeoutMs }),
      );
    };
    inOrder(event.chat, async () => {
      if (!(await attempt())) void repeat(attempt);
    });
  });

  /** Meta repeats an event that was not taken, with growing pauses. */
  async function repeat(attempt: () => Promise<boolean>): Promise<void> {
    for (let failures = 0; failures < MOST_REPEATS && !world.ended.aborted; failures++) {
      await new Promise<void>((resolve) => world.after(Math.min(60, 2 ** failures) * 1000, resolve));
      if (await attempt()) return;
    }
  }

  function signed(value: object): { body: string; headers: Record<string, string> } {
    const change = { field: "messages", value: { messaging_product: "whatsapp", metadata, ...value } };
    const entry = [{ id: "102290129340398", changes: [change] }];
    const body = JSON.stringify({ object: "whatsapp_business_account", entry });
    const hash = createHmac("sha256", appSecret).update(body).digest("hex");
    return {
      body,
      headers: {
        "content-type": "application/json",
        "user-agent": "facebookexternalua",
        "x-hub-signature-256": `sha256=${hash}`,
      },
    };
  }

  /** Meta checks a webhook before it posts there: the answer must repeat the challenge. */
  async function verify(url: string): Promise<boolean> {
    const challenge = String(Number.parseInt(secretFor("challenge", account.name).slice(0, 8), 16));
    const query = new URLSearchParams({
      "hub.mode": "subscribe",
      "hub.verify_token": verifyToken,
      "hub.challenge": challenge,
    });
    const asked = {
      platform: "whatsapp" as const,
      name: "verify webhook",
      method: "GET" as const,
      headers: {},
      body: "",
    };
    const answer = await postEvent(world, { ...asked, url: `${url}?${query}`, timeoutMs: PATIENCE_MS });
    if (isSuccess(answer) && answer.body === challenge) verified = url;
    return verified === url;
  }

  const metadata = { display_phone_number: line.number, phone_number_id: phoneNumberId };
  const contactOf = (chat: Chat) => ({ profile: { name: chat.title }, wa_id: chat.number });

  const events: ProviderEvents = {
    message(chat, message, pressed) {
      const { id, text, thing, file, replyTo, at } = message;
      const reply = pressed && { id: pressed.id, title: pressed.title };
      const kind = file?.contentType.split("/")[0] ?? "";
      const type = ["image", "audio", "video"].includes(kind) ? kind : "document";
      const caption = text === "" ? {} : { caption: text };
      const content =
        pressed !== null
          ? {
              type: "interactive",
              interactive: { type: `${pressed.kind}_reply`, [`${pressed.kind}_reply`]: reply },
            }
          : thing !== undefined
            ? thingContent(thing)
            : file === null
              ? { type: "text", text: { body: text } }
              : {
                  type,
                  [type]: {
                    id: file.id,
                    mime_type: file.contentType,
                    sha256: "",
                    filename: file.name,
                    ...caption,
                  },
                };
      const context = replyTo === null ? {} : { context: { from: line.number, id: replyTo } };
      const sent = {
        from: chat.number,
        id,
        timestamp: String(Math.floor(at / 1000)),
        ...context,
        ...content,
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

  async function create(message: NewMetaMessage): Promise<ApiAnswer> {
    const file = message.media === null ? null : await findFile(message.media);
    if (file === undefined) return refuse(400, 131053, "Media upload error", "The media could not be loaded");
    const { to, text, choices, isTemplate, replyTo } = message;
    const chat = openChat(line, to);
    const id = nextWamid();
    if (message.callbackData !== null) callbackData.set(id, message.callbackData);
    const oldest = callbackData.size > 1_000 ? callbackData.keys().next().value : undefined;
    if (oldest !== undefined) callbackData.delete(oldest);
    const at = world.clock.now();
    const stored: StoredMessage = {
      id,
      from: "bot",
      text,
      choices,
      file,
      replyTo,
      at,
      receipt: null,
      isTemplate,
    };
    deliver(world, events, chat, stored, FAILURES);
    const contacts = [{ input: to, wa_id: to }];
    return { status: 200, body: { messaging_product: "whatsapp", contacts, messages: [{ id }] } };
  }

  /** Undefined: there is no such file. */
  async function findFile({
    link,
    id,
    filename,
  }: NonNullable<NewMetaMessage["media"]>): Promise<StoredFile | undefined> {
    if (id !== null) return line.files.get(id);
    try {
      const response = await fetch(world.reach(link ?? ""), { signal: AbortSignal.timeout(10_000) });
      if (!response.ok) return undefined;
      const contentType = response.headers.get("content-type") ?? "application/octet-stream";
      return addFile(line, nextFileId(), {
        name: filename,
        contentType,
        bytes: Buffer.from(await response.arrayBuffer()),
      });
    } catch {
      return undefined;
    }
  }

  const nextFileId = () => String(7_000_000_000_000 + ++line.lastId);

  function markRead(messageId: unknown, isTyping: boolean): ApiAnswer {
    const chat = [...line.chats.values()].find(({ messages }) => messages.some(({ id }) => id === messageId));
    if (chat === undefined) return refuse(400, 131009, "Parameter value is not valid", "message_id");
    for (const message of chat.messages) if (message.from === "user") message.receipt = "read";
    if (isTyping) chat.typingUntil = world.clock.now() + TYPING_MS;
    world.changed();
    return { status: 200, body: { success: true } };
  }

  function upload({ files, payload }: ApiCall): ApiAnswer {
    const file = files.get("file");
    if (file === undefined || payload.messaging_product !== "whatsapp")
      return refuse(400, 100, "Invalid parameter", "file and messaging_product are required");
    return { status: 200, body: { id: addFile(line, nextFileId(), file).id } };
  }

  async function answer(call: ApiCall, at: string): Promise<ApiAnswer> {
    const proof = call.query.get("appsecret_proof");
    if (proof !== null && proof !== createHmac("sha256", appSecret).update(accessToken).digest("hex"))
      return refuse(400, 100, "Invalid appsecret_proof provided in the API argument");
    const media = line.files.get(at.replace(/^\/media\//, ""));
    if (at.startsWith("/media/") && media)
      return { status: 200, headers: { "content-type": media.contentType }, body: media.bytes };
    const path = at.replace(/^\/v\d+\.\d+/, "");
    if (call.method === "POST" && path === `/${phoneNumberId}/messages`) {
      const { status, message_id, typing_indicator } = call.payload;
      if (status === "read") return markRead(message_id, typing_indicator !== undefined);
      const message = readMessage(call.payload);
      return "status" in message ? message : create(message);
    }
    if (call.method === "POST" && path === `/${phoneNumberId}/media`) return upload(call);
    if (call.method === "GET" && path === `/${phoneNumberId}`)
      return {
        status: 200,
        body: {
          id: phoneNumberId,
          display_phone_number: line.number,
          verified_name: "Causeway",
          quality_rating: "GREEN",
        },
      };
    const file = line.files.get(path.slice(1));
    if (call.method === "GET" && file !== undefined) {
      const { id, contentType, bytes } = file;
      return {
        status: 200,
        body: {
          messaging_product: "whatsapp",
          id,
          url: fileUrl(file),
          mime_type: contentType,
          file_size: bytes.length,
        },
      };
    }
    return refuse(400, 100, "Unsupported request", `Object with ID '${path}' does not exist`);
  }

  return {
    account,
    answer,
    phone: createPhone({
      world,
      line,
      events,
      nextId: nextWamid,
      nextFileId,
      settings: () => ({
        META_API_BASE_URL: `${root()}/v26.0`,
        META_PHONE_NUMBER_ID: phoneNumberId,
        META_ACCESS_TOKEN: accessToken,
        META_APP_SECRET: appSecret,
        META_VERIFY_TOKEN: verifyToken,
        ...(line.webhookUrl === null ? {} : { META_WEBHOOK_URL: line.webhookUrl }),
      }),
    }),
  };
}
