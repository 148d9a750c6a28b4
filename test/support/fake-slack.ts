import { createHmac } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer, text } from "node:stream/consumers";
import { type WebSocket, WebSocketServer } from "ws";
import { SCOPES } from "../../src/channels/slack/manifest.ts";
import { startLoopbackServer } from "./loopback-server.ts";
import { type FakeBlock, readBlocks } from "./slack-blocks.ts";
import { pingsIn, readMarkdown } from "./slack-markdown.ts";

/** A message that the fake posted. */
export interface PostedMessage {
  channel: string;
  threadTs: string | null;
  ts: string;
  /** The text as the client sent it. */
  raw: string;
  /** The text as people read it. */
  text: string;
  format: "markdown_text" | "text";
  /** The notified people: Slack's result for the mentions in it. */
  pings: string[];
  blocks: readonly FakeBlock[];
  /** The workspace whose token was used. */
  team: string;
  /** True for a stream that has not been stopped. */
  streaming: boolean;
  /** Cards of tools; null in a message without chunks. */
  cards: Map<string, { title: string; status: string }> | null;
  /** True if people see that it was edited. */
  edited: boolean;
  /** The data that the client sent with it, as JSON. */
  metadata?: string | undefined;
}

export interface Agreement {
  expiresInSeconds?: number;
  /** True if `team` is an organization that installs the app in all of its workspaces. */
  isOrganization?: boolean;
}

export interface UploadedFile {
  channel: string;
  threadTs: string | null;
  name: string;
  content: Buffer;
}

export interface AgentSession {
  /** Each status that the session had, newest last. */
  statuses: string[];
  title: string;
}

/** The fault for the next calls of a method, which then get no normal answer. */
export type SlackFault =
  /** Slack's own refusal, with HTTP 200. */
  | { error: string }
  | { rateLimited: number | null }
  /** Another server than the Web API answers. */
  | { html: number }
  /** The connection breaks: before the call is executed, or after. */
  | { cut: "before" | "after" }
  /** The call is executed, but the answer never comes. */
  | { hang: true };

export interface FakeSlack extends AsyncDisposable {
  /** For `apiUrl`. */
  apiUrl: string;
  botToken: string;
  appToken: string;
  signingSecret: string;
  /** The bot's own ids. */
  us: { userId: string; botId: string; appId: string; teamId: string };
  /** Messages in their current form, without deleted ones. */
  posted: readonly PostedMessage[];
  calls: readonly { method: string; payload: Record<string, string> }[];
  /** Shown statuses, by conversation. */
  statuses: readonly { channel: string; threadTs: string; status: string }[];
  /** Makes the app an agent. Only then Slack gives it sessions. */
  declareAgent(options?: { hearsStop?: boolean }): void;
  /** The sessions of the agent, by `channel:thread_ts`. */
  sessions: ReadonlyMap<string, AgentSession>;
  /** People that `users.info` knows, by id. Without `team_id` they belong to our workspace. */
  people: Map<
    string,
    {
      name: string;
      real_name?: string;
      profile?: { display_name?: string };
      team_id?: string;
      locale?: string;
    }
  >;
  /** Threads that `conversations.replies` knows, oldest message first, by `channel:thread_ts`. */
  threads: Map<string, { ts: string; [key: string]: unknown }[]>;
  /** The most messages of a thread on one page. Slack gives some apps fewer than they ask for. */
  repliesPage: { size: number };
  /** For `oauth`. */
  oauth: { clientId: string; clientSecret: string };
  /** A person of a workspace approves the installation. Returns the code of Slack's redirect. */
  agree(team: string, options?: Agreement): string;
  /** Bot tokens granted so far, newest last. */
  granted: readonly string[];
  fail(fault: SlackFault, options?: { method?: string; times?: number }): void;
  /** Removes the remaining faults of a method. */
  recover(method: string): void;
  /** Holds the calls of a method back until the function it returns is called. */
  hold(method: string): () => void;
  /** Ends every stream, as Slack does after about five minutes. */
  closeStreams(): void;
  revokeToken(): void;
  /** Files that `files.info` knows, by id. They can be fetched with the bot token. */
  files: Map<string, Buffer>;
  /** Files that the app uploaded into conversations. */
  uploads: readonly UploadedFile[];
  /** Conversations that the bot is in, for `conversations.history`. */
  memberOf: Set<string>;
  /** Scopes of the bot token, as in the header `x-oauth-scopes`. */
  scopes: string[];
  /** Sends an Events API envelope over the socket. Resolves when it is acknowledged, rejects if the socket closes. */
  push(payload: object, type?: "events_api" | "interactive" | "slash_commands"): Promise<void>;
  /** The payload of the newest envelope's acknowledgement. */
  lastAnswer: unknown;
  sockets(): number;
  /** Breaks every socket without a closing handshake. */
  cutSockets(): void;
  /** Closes the sockets as Slack does about once an hour. */
  recycle(): void;
  openConnections(): number;
  close(): Promise<void>;
}

type Answer = Record<string, unknown> & { ok: boolean };

const refuse = (error: string): Answer => ({ ok: false, error });

/**
 * A fake Web API that is as strict as Slack's about tokens, arguments and lengths. It stores posted messages, and fails
 * on demand. It also has the server side of Socket Mode. Each fake uses a separate loopback port.
 */
export async function startFakeSlack(): Promise<FakeSlack> {
  const us = { userId: "U0BOT00001", botId: "B0BOT00001", appId: "A0APP00001", teamId: "T0TEAM0001" };
  let botToken = "xoxb-1-TESTbotTokenSecret";
  const appToken = "xapp-1-TESTappTokenSecret";
  const signingSecret = "8f742231b10e8888abcd99yyyzzz85a5";
  const oauth = { clientId: "1.2", clientSecret: "TESTclientSecret" };
  /** Valid tokens by workspace, and the grants of codes and refresh tokens. */
  const issued = new Map<string, string>();
  const codes = new Map<string, Agreement & { team: string }>();
  const granted: string[] = [];
  const held = new Map<string, Promise<void>>();
  const posted: PostedMessage[] = [];
  const calls: { method: string; payload: Record<string, string> }[] = [];
  const statuses: { channel: string; threadTs: string; status: string }[] = [];
  const sessions = new Map<string, AgentSession>();
  let agent: { hearsStop: boolean } | null = null;
  const people: FakeSlack["people"] = new Map();
  const threads: FakeSlack["threads"] = new Map();
  const repliesPage = { size: 1_000 };
  const files: FakeSlack["files"] = new Map();
  const memberOf: FakeSlack["memberOf"] = new Set();
  const uploads: UploadedFile[] = [];
  /** Uploads that are in no conversation yet. */
  const begun = new Map<string, { name: string; length: number; content: Buffer | null }>();
  const scopes = [...SCOPES];
  const faults = new Map<string, SlackFault[]>();
  const clients = new Set<WebSocket>();
  const unacknowledged = new Map<string, { resolve(): void; reject(error: Error): void }>();
  let nextTs = 1;
  let nextEnvelope = 1;
  let lastAnswer: unknown;

  function grant(payload: Record<string, string>): Answer {
    const { client_id, client_secret, code, refresh_token, grant_type } = payload;
    if (client_id !== oauth.clientId || client_secret !== oauth.clientSecret)
      return refuse("bad_client_secret");
    const refreshing = grant_type === "refresh_token";
    const ticket = (refreshing ? refresh_token : code) ?? "";
    const given = codes.get(ticket);
    if (given === undefined) return refuse(refreshing ? "invalid_refresh_token" : "invalid_code");
    // Each can be used once.
    codes.delete(ticket);
    const { team, expiresInSeconds, isOrganization = false } = given;
    const token = `xoxb-TESTgranted-${granted.push("")}-${team}`;
    granted[granted.length - 1] = token;
    issued.set(token, team);
    const rotating = expiresInSeconds !== undefined;
    const refresh = `xoxe-TESTrefresh-${granted.length}`;
    if (rotating) codes.set(refresh, { team, isOrganization, expiresInSeconds: 12 * 60 * 60 });
    return {
      ok: true,
      app_id: us.appId,
      access_token: token,
      token_type: "bot",
      bot_user_id: us.userId,
      scope: scopes.join(","),
      authed_user: { id: "U0ADMIN001" },
      team: isOrganization ? null : { id: team, name: team },
      enterprise: isOrganization ? { id: team, name: team } : null,
      is_enterprise_install: isOrganization,
      ...(rotating ? { expires_in: expiresInSeconds, refresh_token: refresh } : {}),
    };
  }

  const methods: Record<string, (payload: Record<string, string>, team: string) => Answer> = {
    "auth.test": () => ({
      ok: true,
      user: "causeway",
      user_id: us.userId,
      bot_id: us.botId,
      team_id: us.teamId,
    }),
    "users.info": ({ user = "" }, team) => {
      const found = people.get(user);
      return found ? { ok: true, user: { id: user, team_id: team, ...found } } : refuse("user_not_found");
    },
    "files.info": ({ file = "" }) =>
      files.has(file)
        ? { ok: true, file: { id: file, url_private_download: `${server.origin}/files/${file}` } }
        : refuse("file_not_found"),
    "files.getUploadURLExternal": ({ filename = "", length = "" }) => {
      if (!scopes.includes("files:write")) return refuse("missing_scope");
      if (filename === "" || !(Number(length) > 0)) return refuse("invalid_arguments");
      const id = `F0UPLOAD${begun.size}`;
      begun.set(id, { name: filename, length: Number(length), content: null });
      return { ok: true, upload_url: `${server.origin}/upload/${id}`, file_id: id };
    },
    "files.completeUploadExternal": ({ files: given = "[]", channel_id = "", thread_ts }) => {
      const [{ id = "" } = {}] = JSON.parse(given) as { id?: string }[];
      const { name, length, content = null } = begun.get(id) ?? {};
      if (name === undefined || content === null || content.length !== length)
        return refuse("file_not_found");
      if (!/^[CDG]/.test(channel_id)) return refuse("channel_not_found");
      begun.delete(id);
      uploads.push({ channel: channel_id, threadTs: thread_ts ?? null, name, content });
      return { ok: true, files: [{ id, title: name }] };
    },
    "conversations.history": ({ channel = "", include_all_metadata }) => {
      if (!/^[CG][A-Z0-9]{2,}$/.test(channel)) return refuse("channel_not_found");
      if (!memberOf.has(channel)) return refuse("not_in_channel");
      const here = posted.filter((message) => message.channel === channel && message.threadTs === null);
      const messages = here.map(({ ts, text, metadata }) => ({
        ts,
        text,
        bot_id: us.botId,
        ...(include_all_metadata === "true" && metadata !== undefined
          ? { metadata: JSON.parse(metadata) }
          : {}),
      }));
      return { ok: true, messages: messages.reverse(), has_more: false };
    },
    "conversations.replies": ({ channel = "", ts = "", latest, inclusive, limit, cursor }) => {
      if (!scopes.includes("channels:history")) return refuse("missing_scope");
      const thread = threads.get(`${channel}:${ts}`);
      if (!thread) return refuse("thread_not_found");
      const last = Number(latest ?? Number.POSITIVE_INFINITY);
      const isBefore = (at: number) => at < last || (inclusive === "true" && at === last);
      // The result always includes the thread's first message.
      const messages = thread.filter((message) => message.ts === ts || isBefore(Number(message.ts)));
      const [from, size] = [Number(cursor ?? 0), Math.min(Number(limit ?? 1_000), repliesPage.size)];
      const next = from + size < messages.length ? String(from + size) : "";
      const page = messages.slice(from, from + size);
      return { ok: true, messages: page, has_more: next !== "", response_metadata: { next_cursor: next } };
    },
    "chat.postMessage": (payload, team) => {
      const message = readMessage(payload);
      if (typeof message === "string") return refuse(message);
      const ts = `1790000000.${String(nextTs++).padStart(6, "0")}`;
      const { metadata } = payload;
      posted.push({ ...message, ts, team, streaming: false, cards: null, edited: false, metadata });
      // A post to a person's id goes to the direct conversation with them.
      const channel = message.channel.replace(/^U/, "D");
      return { ok: true, channel, ts, message: { text: message.text } };
    },
    "chat.startStream": (payload, team) => {
      const { channel = "", thread_ts, recipient_user_id, recipient_team_id } = payload;
      const { added, cards } = readChunks(payload);
      if (cards !== null && payload["markdown_text"] !== undefined) return refuse("invalid_arguments");
      const isEmpty = cards !== null && added === "";
      const thread = thread_ts === undefined ? {} : { thread_ts };
      const message = readMessage(
        cards === null ? payload : { channel, ...thread, markdown_text: isEmpty ? "…" : added },
      );
      if (typeof message === "string") return refuse(message);
      if (thread_ts === undefined) return refuse("invalid_thread_ts");
      if (!channel.startsWith("D") && !recipient_user_id) return refuse("missing_recipient_user_id");
      if (!channel.startsWith("D") && !recipient_team_id) return refuse("missing_recipient_team_id");
      // The person's workspace, not the app's, and never an organization.
      const home = people.get(recipient_user_id ?? "")?.team_id ?? team;
      if (!channel.startsWith("D") && recipient_team_id !== home) return refuse("user_not_found");
      const ts = `1790000000.${String(nextTs++).padStart(6, "0")}`;
      const words = isEmpty ? { raw: "", text: "" } : {};
      posted.push({ ...message, ...words, ts, team, streaming: true, cards, edited: false });
      if (agent !== null) setSession(channel, thread_ts, "processing");
      return { ok: true, channel, ts };
    },
    "chat.appendStream": (payload) => growStream(payload, { isLast: false }),
    "chat.stopStream": (payload) => growStream(payload, { isLast: true }),
    "chat.update": (payload) => {
      const message = readMessage(payload);
      if (typeof message === "string") return refuse(message);
      const old = find(payload);
      if (!old) return refuse("message_not_found");
      if (old.streaming) return refuse("cant_update_message");
      if (old.cards !== null) return refuse("block_mismatch");
      const { raw, text, format, pings, blocks } = message;
      Object.assign(old, { raw, text, format, pings, blocks, edited: true });
      return { ok: true, channel: old.channel, ts: old.ts, text };
    },
    "chat.delete": (payload) => {
      const old = find(payload);
      if (!old) return refuse("message_not_found");
      posted.splice(posted.indexOf(old), 1);
      return { ok: true, channel: old.channel, ts: old.ts };
    },
    "assistant.threads.setStatus": ({ channel_id, thread_ts, status }) => {
      if (!channel_id || !thread_ts || status === undefined) return refuse("invalid_arguments");
      statuses.push({ channel: channel_id, threadTs: thread_ts, status });
      return { ok: true };
    },
    "agents.sessions.setStatus": ({ channel_id = "", thread_ts = "", status = "", title }) => {
      if (agent === null) return refuse("not_authorized");
      if (!["active", "processing", "suspended", "closed"].includes(status) || !channel_id || !thread_ts)
        return refuse("invalid_arguments");
      const session = setSession(channel_id, thread_ts, status, title);
      const warning = "missing_agent_session_stopped_event_subscription";
      return { ok: true, status, title: session.title, ...(agent.hearsStop ? {} : { warning }) };
    },
    "agents.sessions.rename": ({ channel_id, thread_ts, title = "" }) => {
      const session = sessions.get(`${channel_id}:${thread_ts}`);
      if (session === undefined) return refuse("session_not_found");
      session.title = title;
      return { ok: true, title };
    },
    "assistant.threads.setTitle": ({ channel_id, thread_ts, title }) =>
      channel_id && thread_ts && title ? { ok: true } : refuse("invalid_arguments"),
    "assistant.threads.setSuggestedPrompts": ({ channel_id, prompts = "" }) =>
      channel_id && Array.isArray(JSON.parse(prompts)) ? { ok: true } : refuse("invalid_arguments"),
    "apps.connections.open": () => ({ ok: true, url: `${server.origin.replace(/^http/, "ws")}/socket` }),
  };

  /** Creates the session if needed. Only then the title counts. */
  function setSession(channel: string, threadTs: string, status: string, title = ""): AgentSession {
    const key = `${channel}:${threadTs}`;
    const session = sessions.get(key) ?? { statuses: [], title };
    session.statuses.push(status);
    sessions.set(key, session);
    return session;
  }

  const find = ({ channel, ts }: Record<string, string>) =>
    posted.find((message) => message.channel === channel && message.ts === ts);

  function growStream(payload: Record<string, string>, { isLast }: { isLast: boolean }): Answer {
    const stream = find(payload);
    if (!stream) return refuse("message_not_found");
    if (!stream.streaming) return refuse("message_not_in_streaming_state");
    const { markdown_text = "" } = payload;
    const { added, cards, blocks: below } = readChunks(payload);
    const isOtherKind = stream.cards === null ? cards !== null : markdown_text !== "" || payload["blocks"];
    if (isOtherKind) return refuse("streaming_mode_mismatch");
    const blocks = stream.cards === null ? readBlocks(payload["blocks"]) : below;
    if (typeof blocks === "string") return refuse(blocks);
    if (markdown_text === "" && cards === null && !isLast) return refuse("no_text");
    const raw = stream.raw + markdown_text + added;
    const whole = raw === "" ? null : readMessage({ channel: stream.channel, markdown_text: raw });
    if (typeof whole === "string") return refuse(whole);
    for (const [id, card] of cards ?? []) stream.cards?.set(id, card);
    const { text, pings } = whole ?? { text: "", pings: [] };
    Object.assign(stream, { raw, text, pings, blocks, streaming: !isLast });
    if (isLast && agent !== null) setSession(stream.channel, stream.threadTs ?? "", "active");
    return { ok: true, channel: stream.channel, ts: stream.ts };
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const file = files.get(/^\/files\/(\w+)$/.exec(request.url ?? "")?.[1] ?? "");
    if (file !== undefined) {
      const isAllowed = request.headers.authorization === `Bearer ${botToken}`;
      return void response.writeHead(isAllowed ? 200 : 403).end(isAllowed ? file : "");
    }
    const upload = begun.get(/^\/upload\/(\w+)$/.exec(request.url ?? "")?.[1] ?? "");
    if (upload !== undefined) {
      upload.content = await buffer(request);
      return void response.writeHead(200).end("OK");
    }
    const method = /^\/api\/([\w.]+)$/.exec(request.url ?? "")?.[1] ?? "";
    const payload = await readPayload(request);
    calls.push({ method, payload });
    const run = (): Answer => {
      if (method === "oauth.v2.access") return grant(payload);
      const wanted = method === "apps.connections.open" ? appToken : botToken;
      if (request.headers.authorization === undefined) return refuse("not_authed");
      const token = request.headers.authorization.replace(/^Bearer /, "");
      const team = token === wanted ? us.teamId : issued.get(token);
      if (team === undefined) return refuse("invalid_auth");
      return methods[method]?.(payload, team) ?? refuse("unknown_method");
    };
    await held.get(method);
    const fault = faults.get(method)?.shift();
    response.setHeader("x-oauth-scopes", scopes.join(","));
    if (fault === undefined) return reply(response, run());
    if ("error" in fault) return reply(response, refuse(fault.error));
    if ("rateLimited" in fault) {
      const headers = fault.rateLimited === null ? {} : { "retry-after": String(fault.rateLimited) };
      response.writeHead(429, headers).end(JSON.stringify(refuse("ratelimited")));
    } else if ("html" in fault) {
      response.writeHead(fault.html, { "content-type": "text/html" }).end("<html>not Slack</html>");
    } else if ("cut" in fault) {
      if (fault.cut === "after") run();
      request.socket.destroy();
    } else run();
  }

  const server = await startLoopbackServer(handle, (response, error) =>
    reply(response, refuse(`fake_broke_${String(error)}`)),
  );
  const webSockets = new WebSocketServer({ server: server.server, path: "/socket" });
  webSockets.on("connection", (client) => {
    clients.add(client);
    client.once("close", () => {
      clients.delete(client);
      for (const waiting of unacknowledged.values()) waiting.reject(new Error("the socket closed"));
      unacknowledged.clear();
    });
    client.on("message", (data) => {
      const { envelope_id: id, payload } = JSON.parse(String(data)) as {
        envelope_id: string;
        payload?: unknown;
      };
      lastAnswer = payload;
      unacknowledged.get(id)?.resolve();
      unacknowledged.delete(id);
    });
    client.send(JSON.stringify({ type: "hello", num_connections: 1 }));
  });
  const apiUrl = `${server.origin}/api/`;

  const close = async () => {
    for (const client of clients) client.terminate();
    await server.close();
  };
  return {
    apiUrl,
    botToken,
    appToken,
    signingSecret,
    us,
    posted,
    hold(method) {
      let release = () => {};
      held.set(method, new Promise((resolve) => (release = resolve)));
      return () => {
        held.delete(method);
        release();
      };
    },
    calls,
    statuses,
    sessions,
    declareAgent({ hearsStop = true } = {}) {
      agent = { hearsStop };
    },
    people,
    threads,
    repliesPage,
    files,
    uploads,
    memberOf,
    scopes,
    oauth,
    granted,
    agree(team, agreement = {}) {
      const code = `code-${codes.size}-${team}`;
      codes.set(code, { team, ...agreement });
      return code;
    },
    fail(fault, { method = "chat.postMessage", times = 1 } = {}) {
      const queue = faults.get(method) ?? [];
      faults.set(method, [...queue, ...Array.from({ length: times }, () => fault)]);
    },
    recover: (method) => void faults.delete(method),
    closeStreams() {
      for (const message of posted) message.streaming = false;
    },
    revokeToken() {
      botToken = "xoxb-1-another";
    },
    get lastAnswer() {
      return lastAnswer;
    },
    push(payload, type = "events_api") {
      const [client] = clients;
      if (!client) return Promise.reject(new Error("nobody is connected"));
      const envelope_id = `envelope-${nextEnvelope++}`;
      const acknowledged = new Promise<void>((resolve, reject) => {
        unacknowledged.set(envelope_id, { resolve, reject });
      });
      client.send(
        JSON.stringify({ type, envelope_id, payload, accepts_response_payload: type === "slash_commands" }),
      );
      return acknowledged;
    },
    sockets: () => clients.size,
    cutSockets() {
      for (const client of clients) client.terminate();
    },
    recycle() {
      for (const client of clients)
        client.send(JSON.stringify({ type: "disconnect", reason: "refresh_requested" }));
    },
    openConnections: server.openConnections,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The headers of a request with Slack's signature. */
export function signedHeaders(
  body: string,
  secret: string,
  seconds: number = Math.floor(Date.now() / 1000),
): Record<string, string> {
  const hash = createHmac("sha256", secret).update(`v0:${seconds}:${body}`).digest("hex");
  return {
    "content-type": "application/json",
    "x-slack-request-timestamp": String(seconds),
    "x-slack-signature": `v0=${hash}`,
  };
}

function reply(response: ServerResponse, body: Answer): void {
  if (!response.writable) return;
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function readPayload(request: IncomingMessage): Promise<Record<string, string>> {
  return Object.fromEntries(new URLSearchParams(await text(request)));
}

/** The content of a call with `chunks`. Without them the cards are null. */
function readChunks({ chunks }: Record<string, string>): {
  added: string;
  cards: PostedMessage["cards"];
  blocks: FakeBlock[];
} {
  if (chunks === undefined) return { added: "", cards: null, blocks: [] };
  let added = "";
  const cards: NonNullable<PostedMessage["cards"]> = new Map();
  const blocks: FakeBlock[] = [];
  for (const { type, text, id, title, status, blocks: more } of JSON.parse(chunks)) {
    if (type === "markdown_text") added += text;
    else if (type === "task_update") cards.set(id, { title, status });
    else if (type === "blocks") blocks.push(...more);
  }
  return { added, cards, blocks };
}

/** The message of a `chat.postMessage`, or Slack's error code. */
function readMessage(
  payload: Record<string, string>,
): Omit<PostedMessage, "ts" | "team" | "streaming" | "cards" | "edited"> | string {
  const { channel = "", thread_ts, text } = payload;
  const blocks = readBlocks(payload["blocks"]);
  if (typeof blocks === "string") return blocks;
  if (payload["markdown_text"] !== undefined && blocks.length > 0) return "markdown_text_conflict";
  // With blocks, `text` is only for notifications.
  const markdown_text = blocks.find(({ type }) => type === "markdown")?.text ?? payload["markdown_text"];
  if (!/^[CDGU][A-Z0-9]{2,}$/.test(channel)) return "channel_not_found";
  if (thread_ts !== undefined && !/^\d{10}\.\d{6}$/.test(thread_ts)) return "invalid_thread_ts";
  if (text !== undefined && payload["markdown_text"] !== undefined) return "markdown_text_conflict";
  const raw = markdown_text ?? text ?? "";
  if (raw.trim() === "") return "no_text";
  if (markdown_text !== undefined ? raw.length > 12_000 : raw.length > 40_000) return "msg_too_long";
  const format = markdown_text === undefined ? "text" : "markdown_text";
  // In both notations Slack shows entities as characters. Before that it finds mentions, outside of code.
  const unescaped = raw.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  const markdown = format === "markdown_text" ? readMarkdown(raw) : null;
  const pings = pingsIn(markdown === null ? raw : markdown.prose);
  // A word joiner has no width.
  const read = markdown?.text ?? unescaped.replaceAll("\u2060", "");
  return { channel, threadTs: thread_ts ?? null, raw, text: read, format, pings, blocks };
}
