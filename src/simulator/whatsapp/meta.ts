import { createHmac } from "node:crypto";
import type { Connection } from "../connection.ts";
import { keepNewest } from "../line/keep-newest.ts";
import { addFile, createLine, openChat, type StoredFile, type StoredMessage } from "../line/line.ts";
import type { ApiAnswer } from "../wire/answer-calls.ts";
import type { ApiCall } from "../wire/api-call.ts";
import type { World } from "../world.ts";
import { metaEvents } from "./meta-events.ts";
import { type NewMetaMessage, readMessage, refuse } from "./meta-messages.ts";
import { createMetaWebhook } from "./meta-webhook.ts";
import { createPhone } from "./phone.ts";
import { deliverToWhatsapp } from "./receipts.ts";

export interface MetaAccount {
  name: string;
  phoneNumberId: string;
  accessToken: string;
  appSecret: string;
  verifyToken: string;
  /** The URL that gets events; null: none. */
  webhookUrl: string | null;
  /** True for an app with "Require app secret". */
  requiresProof?: boolean;
  /** Names of users at WhatsApp that differ from the number that a call names. */
  knownAs?: ReadonlyMap<string, { wa_id?: string; user_id?: string }>;
}

const FAILURES = {
  window: { code: 131047, title: "Re-engagement message" },
  unreachable: { code: 131026, title: "Message undeliverable" },
};
const TYPING_MS = 25_000;

export interface MetaLine {
  phone: Connection;
  account: MetaAccount;
  answer(call: ApiCall, at: string): Promise<ApiAnswer>;
}

/** A business number on Meta's Cloud API. */
export function createMetaLine(world: World, account: MetaAccount, root: () => string): MetaLine {
  const { phoneNumberId, verifyToken } = account;
  const place = { platform: "whatsapp", name: account.name, number: "15550001111" } as const;
  const line = createLine(place, world.firstId);
  line.webhookUrl = account.webhookUrl;
  const callbackData = new Map<string, string>();
  const nextWamid = () => `wamid.${Buffer.from(`${account.name} ${++line.lastId}`).toString("base64")}`;
  const fileUrl = ({ id }: StoredFile) => `${root()}/media/${id}`;

  const metadata = { display_phone_number: line.number, phone_number_id: phoneNumberId };
  const post = createMetaWebhook({ world, account, url: () => line.webhookUrl, metadata });
  const events = metaEvents({ world, line, post, callbackData });

  async function create(message: NewMetaMessage): Promise<ApiAnswer> {
    const file = message.media === null ? null : await findFile(message.media);
    if (file === undefined) return refuse(400, 131053, "Media upload error", "The media could not be loaded");
    const { to, text, choices, isTemplate, replyTo } = message;
    const chat = openChat(line, to);
    const id = nextWamid();
    if (message.callbackData !== null) keepNewest(callbackData, id, message.callbackData);
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
    deliverToWhatsapp(world, events, chat, stored, FAILURES);
    const contacts = [{ input: to, wa_id: to, ...account.knownAs?.get(to) }];
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
    const { accessToken, appSecret, requiresProof = false } = account;
    const proof = call.query.get("appsecret_proof");
    if (proof === null && requiresProof)
      return refuse(400, 100, "API calls from the server require an appsecret_proof argument");
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
        META_ACCESS_TOKEN: account.accessToken,
        META_APP_SECRET: account.appSecret,
        META_VERIFY_TOKEN: verifyToken,
        ...(line.webhookUrl === null ? {} : { META_WEBHOOK_URL: line.webhookUrl }),
      }),
    }),
  };
}
