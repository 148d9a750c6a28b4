import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { startLoopbackServer } from "./loopback-server.ts";
import {
  type ChatRules,
  commandsAreValid,
  readContent,
  readKeyboard,
  readMessage,
  readTopic,
  type SentMessage,
} from "./telegram-rules.ts";

export type { SentMessage } from "./telegram-rules.ts";

/** A draft as a private chat shows it. */
export interface ShownDraft {
  chatId: number;
  draftId: number;
  text: string;
}

/** One call that reached the fake, delivered or not. */
export interface BotApiCall {
  method: string;
  payload: Record<string, unknown>;
}

/** The fault for the next calls of a method, which then get no normal answer. */
export type Fault =
  /** The Bot API's own refusal. */
  | {
      answer: number;
      description?: string;
      parameters?: { retry_after?: number; migrate_to_chat_id?: number };
    }
  /** Another server than the Bot API answers. */
  | { html: number }
  /** The connection breaks: before the call is executed, or after. */
  | { cut: "before" | "after" }
  /** Half an answer, then the connection breaks; the call was executed. */
  | { truncate: true }
  /** The call is executed, but the answer never comes. */
  | { hang: true };

export interface FakeTelegram extends AsyncDisposable, ChatRules {
  /** For `apiRoot`. */
  url: string;
  token: string;
  username: string;
  /** Messages in their current form, including edits, without deleted ones. */
  sent: readonly SentMessage[];
  /** Every shown draft, in order. */
  drafts: readonly ShownDraft[];
  calls: readonly BotApiCall[];
  /** The current webhook. A test may set or remove it, as another service with the same token would. */
  webhook: { url: string; secretToken: string; allowedUpdates: unknown } | null;
  /** The current menu of commands. */
  commands: { command: string; description: string }[];
  /** More fields of `getWebhookInfo`. */
  webhookInfo: { pending_update_count?: number; last_error_date?: number; last_error_message?: string };
  /** Files that `getFile` knows, by file id: the content, or the target of a redirect. */
  files: Map<string, { path: string; content: Buffer } | { path: string; redirect: string }>;
  /** Paths of files that were requested with the right token. */
  fileRequests: string[];
  /** Makes the next `times` calls of a method fail (default: `sendMessage`, once). */
  fail(fault: Fault, options?: { method?: string; times?: number }): void;
  /** Calls the listener with every message as it is sent. */
  onSent(listener: (message: SentMessage) => void): void;
  /** Waits this long before answering. */
  delay(ms: number): void;
  /** Changes the accepted token, as @BotFather does after a revocation. */
  revokeToken(): void;
  /** Queues an update for `getUpdates`. */
  push(update: { update_id: number } & Record<string, unknown>): void;
  /** Updates that no higher offset has confirmed. */
  pending(): number;
  openConnections(): number;
  /** Stops listening, like a server that is down. */
  close(): Promise<void>;
}

interface Answer {
  status: number;
  body: object;
}

const ok = (result: unknown): Answer => ({ status: 200, body: { ok: true, result } });
const refuse = (error_code: number, description: string, parameters?: object): Answer => ({
  status: error_code,
  body: { ok: false, error_code, description, ...(parameters === undefined ? {} : { parameters }) },
});
const badRequest = (description: string) => refuse(400, `Bad Request: ${description}`);

/**
 * A fake Bot API that is as strict as Telegram's about methods, lengths and entities. It stores delivered messages, and
 * fails on demand. Each fake uses a separate loopback port.
 */
export async function startFakeTelegram(
  options: { token?: string; username?: string } = {},
): Promise<FakeTelegram> {
  const username = options.username ?? "causeway_bot";
  let token = options.token ?? "4242:TEST-token_secret";
  const sent: SentMessage[] = [];
  const drafts: ShownDraft[] = [];
  const listeners: ((message: SentMessage) => void)[] = [];
  const calls: BotApiCall[] = [];
  const files: FakeTelegram["files"] = new Map();
  const fileRequests: string[] = [];
  const faults = new Map<string, Fault[]>();
  const waiting = new Set<() => void>();
  const rules: ChatRules = { directMessages: new Set(), goneThreads: new Set(), forums: new Map() };
  let updates: ({ update_id: number } & Record<string, unknown>)[] = [];
  let webhook: FakeTelegram["webhook"] = null;
  const webhookInfo: FakeTelegram["webhookInfo"] = {};
  const commands: FakeTelegram["commands"] = [];
  let delayMs = 0;
  let nextMessageId = 1;
  let polling = false;

  const methods: Record<
    string,
    (payload: Record<string, unknown>, gone: AbortSignal) => Answer | Promise<Answer>
  > = {
    getme: () =>
      ok({
        id: Number.parseInt(token, 10),
        is_bot: true,
        first_name: "Causeway",
        username,
        can_join_groups: true,
      }),
    getwebhookinfo: () =>
      ok({
        url: webhook?.url ?? "",
        has_custom_certificate: false,
        pending_update_count: updates.length,
        ...(webhook === null ? {} : { allowed_updates: webhook.allowedUpdates }),
        ...webhookInfo,
      }),
    getmycommands: () => ok(commands),
    setmycommands: ({ commands: given }) => {
      if (!commandsAreValid(given)) return badRequest("BOT_COMMAND_INVALID");
      commands.splice(0, commands.length, ...(given as FakeTelegram["commands"]));
      return ok(true);
    },
    sendchataction: ({ action, chat_id }) => {
      if (action !== "typing") return badRequest("wrong parameter action in request");
      const isDirect = rules.directMessages.has(Number(chat_id));
      return isDirect ? badRequest("can't send chat actions to the chat") : ok(true);
    },
    setwebhook: ({ url, secret_token, allowed_updates }) => {
      // A local Bot API server also posts to its own machine.
      if (typeof url !== "string" || !/^(https:\/\/|http:\/\/127\.)/.test(url))
        return badRequest("bad webhook: An HTTPS URL must be provided for webhook");
      if (!/^[A-Za-z0-9_-]{1,256}$/.test(String(secret_token ?? "")))
        return badRequest("secret token contains unallowed characters");
      webhook = { url, secretToken: String(secret_token), allowedUpdates: allowed_updates };
      return ok(true);
    },
    deletewebhook: () => {
      webhook = null;
      return ok(true);
    },
    getchat: ({ chat_id: id }) => {
      if (Number(id) > 0 || !rules.forums.has(Number(id))) return badRequest("chat not found");
      return ok({ id, type: "supergroup", title: "Group", is_forum: true, accent_color_id: 1 });
    },
    getchatmember: ({ chat_id: id }) => {
      const rights = rules.forums.get(Number(id))?.isMember === true ? {} : { can_manage_topics: true };
      const status = "can_manage_topics" in rights ? "administrator" : "member";
      return ok({ status, user: { id: Number.parseInt(token, 10), is_bot: true }, ...rights });
    },
    createforumtopic: ({ chat_id, name }) => {
      const forum = rules.forums.get(Number(chat_id));
      if (forum === undefined) return badRequest("chat not found");
      if (typeof name !== "string" || name === "" || name.length > 128)
        return badRequest("TOPIC_TITLE_EMPTY");
      const id = nextMessageId++;
      forum.topics.set(id, name);
      return ok({ message_thread_id: id, name, icon_color: 7322096 });
    },
    closeforumtopic: ({ chat_id, message_thread_id: id }) => {
      const forum = rules.forums.get(Number(chat_id));
      if (!forum?.topics.has(Number(id))) return badRequest("message thread not found");
      if (forum.closed.has(Number(id))) return badRequest("TOPIC_NOT_MODIFIED");
      forum.closed.add(Number(id));
      return ok(true);
    },
    sendmessage: (payload) => {
      const message = readMessage(payload, rules);
      if (typeof message === "string") return badRequest(message);
      const messageId = nextMessageId++;
      const complete = { ...message, messageId };
      sent.push(complete);
      for (const listener of listeners) listener(complete);
      const chat = { id: message.chatId, type: message.chatId < 0 ? "supergroup" : "private" };
      const date = Math.floor(Date.now() / 1000);
      return ok({ message_id: messageId, date, chat, text: message.text });
    },
    ...Object.fromEntries(
      ["photo", "document", "audio", "voice", "video", "animation"].map((field) => [
        `send${field}`,
        (payload: Record<string, unknown>) => sendMedia(field, payload),
      ]),
    ),
    getfile: ({ file_id }) => {
      const file = files.get(String(file_id));
      if (file === undefined) return badRequest("invalid file_id");
      if ("content" in file && file.content.length > 20_000_000) return badRequest("file is too big");
      return ok({ file_id, file_unique_id: `u${file_id}`, file_path: file.path });
    },
    editmessagetext: (payload) => {
      const edited = readContent(payload);
      if (typeof edited === "string") return badRequest(edited);
      const message = sent.find((each) => isMessage(each, payload));
      if (!message) return badRequest("message to edit not found");
      if (sameText(message, edited))
        return badRequest(
          "message is not modified: specified new message content and reply markup are exactly the same",
        );
      // An edit without a keyboard removes it.
      delete message.keyboard;
      const { text, entities, keyboard, hasLinkPreview } = edited;
      Object.assign(message, {
        text,
        entities,
        hasLinkPreview,
        ...(keyboard === undefined ? {} : { keyboard }),
      });
      return ok({ message_id: message.messageId, text: message.text });
    },
    editmessagereplymarkup: (payload) => {
      const keyboard = readKeyboard(payload["reply_markup"]);
      if (typeof keyboard === "string") return badRequest(keyboard);
      const message = sent.find((each) => isMessage(each, payload));
      if (!message) return badRequest("message to edit not found");
      if (keyboard === undefined) delete message.keyboard;
      else message.keyboard = keyboard;
      return ok({ message_id: message.messageId, text: message.text });
    },
    answercallbackquery: ({ callback_query_id }) =>
      typeof callback_query_id === "string" && callback_query_id !== ""
        ? ok(true)
        : badRequest("query is too old and response timeout expired or query ID is invalid"),
    deletemessage: (payload) => {
      const at = sent.findIndex((each) => isMessage(each, payload));
      if (at < 0) return badRequest("message to delete not found");
      sent.splice(at, 1);
      return ok(true);
    },
    sendmessagedraft: (payload) => {
      const draft = readMessage(payload, rules);
      if (typeof draft === "string") return badRequest(draft);
      if (draft.chatId < 0) return badRequest("TEXTDRAFT_PEER_INVALID");
      const { draft_id: draftId } = payload;
      if (!Number.isInteger(draftId) || Number(draftId) === 0 || Math.abs(Number(draftId)) > 0x7fff_ffff)
        return badRequest("wrong parameter draft_id in request");
      drafts.push({ chatId: draft.chatId, draftId: Number(draftId), text: draft.text });
      return ok(true);
    },
    getupdates: async ({ offset, timeout, limit }, gone) => {
      if (webhook !== null)
        return refuse(409, "Conflict: can't use getUpdates method while webhook is active");
      if (polling)
        return refuse(
          409,
          "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
        );
      polling = true;
      const from = Number(offset ?? 0);
      updates = updates.filter(({ update_id }) => update_id >= from);
      if (updates.length === 0) await nextUpdate(Number(timeout ?? 0) * 1000, gone);
      polling = false;
      return ok(updates.slice(0, Number(limit ?? 100)));
    },
  };

  /** Telegram takes an upload, or fetches a file by its URL. Here only https URLs without `missing` in them can be fetched. */
  function sendMedia(field: string, payload: Record<string, unknown>): Answer {
    const place = readTopic(payload, rules);
    if (typeof place === "string") return badRequest(place);
    const url = payload[field];
    if (Buffer.isBuffer(url)) return tookMedia(place, `<${field}: ${url.length} bytes>`);
    if (typeof url !== "string" || !url.startsWith("https://") || url.includes("missing"))
      return badRequest("failed to get HTTP URL content");
    return tookMedia(place, `<${field}: ${url}>`);
  }

  function tookMedia(place: Exclude<ReturnType<typeof readTopic>, string>, text: string): Answer {
    const messageId = nextMessageId++;
    sent.push({ ...place, messageId, text, entities: [], hasLinkPreview: false });
    const chat = { id: place.chatId, type: place.chatId < 0 ? "supergroup" : "private" };
    return ok({ message_id: messageId, date: Math.floor(Date.now() / 1000), chat });
  }

  function nextUpdate(timeoutMs: number, gone: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      waiting.add(wake);
      gone.addEventListener("abort", wake);
    });
  }

  function serveFile(givenToken: string, path: string, response: ServerResponse): void {
    const file = [...files.values()].find((each) => each.path === decodeURIComponent(path));
    if (givenToken !== token || file === undefined) return void response.writeHead(404).end();
    fileRequests.push(file.path);
    if ("redirect" in file) return void response.writeHead(302, { location: file.redirect }).end();
    response.writeHead(200, { "content-type": "application/octet-stream" }).end(file.content);
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, fileToken, filePath] = /^\/file\/bot([^/]+)\/(.+)$/.exec(request.url ?? "") ?? [];
    if (fileToken !== undefined && filePath !== undefined) return serveFile(fileToken, filePath, response);
    const [, givenToken = "", name = ""] = /^\/bot([^/]+)\/(\w+)$/.exec(request.url ?? "") ?? [];
    const payload = await readPayload(request);
    const method = name.toLowerCase();
    calls.push({ method: name, payload });
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    const answer = async () => {
      if (givenToken !== token) return refuse(401, "Unauthorized");
      return (await methods[method]?.(payload, gone.signal)) ?? refuse(404, "Not Found: method not found");
    };
    const fault = faults.get(method)?.shift();
    if (fault === undefined) return reply(response, await answer());
    if ("answer" in fault)
      return reply(
        response,
        refuse(fault.answer, fault.description ?? "refused by the test", fault.parameters),
      );
    if ("html" in fault) {
      response.writeHead(fault.html, { "content-type": "text/html" }).end("<html>not the Bot API</html>");
    } else if ("cut" in fault) {
      if (fault.cut === "after") await answer();
      request.socket.destroy();
    } else if ("truncate" in fault) {
      const body = JSON.stringify((await answer()).body);
      response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
      response.write(body.slice(0, body.length / 2), () => request.socket.destroy());
    } else await answer();
  }

  const server = await startLoopbackServer(handle, (response, error) =>
    reply(response, refuse(500, `Internal Server Error: ${String(error)}`)),
  );

  const close = async () => {
    for (const wake of [...waiting]) wake();
    await server.close();
  };
  return {
    url: server.origin,
    token,
    username,
    sent,
    drafts,
    calls,
    webhookInfo,
    files,
    fileRequests,
    ...rules,
    commands,
    get webhook() {
      return webhook;
    },
    set webhook(given) {
      webhook = given;
    },
    fail(fault, { method = "sendMessage", times = 1 } = {}) {
      const queue = faults.get(method.toLowerCase()) ?? [];
      faults.set(method.toLowerCase(), [...queue, ...Array.from({ length: times }, () => fault)]);
    },
    onSent: (listener) => void listeners.push(listener),
    delay(ms) {
      delayMs = ms;
    },
    revokeToken() {
      token = "4242:another";
    },
    push(update) {
      updates.push(update);
      for (const wake of [...waiting]) wake();
    },
    pending: () => updates.length,
    openConnections: server.openConnections,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function reply(response: ServerResponse, { status, body }: Answer): void {
  if (!response.writable) return;
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function readPayload(request: IncomingMessage): Promise<Record<string, unknown>> {
  const body = await buffer(request);
  const type = request.headers["content-type"] ?? "";
  if (type.startsWith("multipart/")) return readUpload(body, type);
  return body.length === 0 ? {} : (JSON.parse(body.toString("utf8")) as Record<string, unknown>);
}

/** A call with an upload. Numbers come as text. */
async function readUpload(body: Buffer, type: string): Promise<Record<string, unknown>> {
  const form = await new Response(new Uint8Array(body), { headers: { "content-type": type } }).formData();
  const payload: Record<string, unknown> = {};
  for (const [name, value] of form) {
    if (typeof value !== "string") payload[name] = Buffer.from(await value.arrayBuffer());
    else payload[name] = /^-?\d+$/.test(value) ? Number(value) : value;
  }
  return payload;
}

function isMessage({ chatId, messageId }: SentMessage, payload: Record<string, unknown>): boolean {
  return chatId === payload["chat_id"] && messageId === payload["message_id"];
}

function sameText(
  message: SentMessage,
  edited: Pick<SentMessage, "text" | "entities" | "keyboard">,
): boolean {
  const read = ({ text, entities, keyboard }: typeof edited) => JSON.stringify([text, entities, keyboard]);
  return read(message) === read(edited);
}
