import { createHmac } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { type WebSocket, WebSocketServer } from "ws";
import { SCOPES } from "../../src/channels/slack/manifest.ts";
import { startLoopbackServer } from "./loopback-server.ts";
import { type FakeBlock, readBlocks } from "./slack-blocks.ts";

/** A message the fake posted. */
export interface PostedMessage {
  channel: string;
  threadTs: string | null;
  ts: string;
  /** As it was given. */
  raw: string;
  /** As people read it. */
  text: string;
  format: "markdown_text" | "text";
  /** Whom it notified: what Slack would make of mentions in it. */
  pings: string[];
  blocks: readonly FakeBlock[];
  /** The workspace whose token was used. */
  team: string;
  /** A stream that was not stopped yet. */
  streaming: boolean;
  /** Whether people see that it was changed. */
  edited: boolean;
}

/** What to do with the next calls of a method instead of answering them. */
export type SlackFault =
  /** Slack's own refusal, in HTTP 200. */
  | { error: string }
  | { rateLimited: number | null }
  /** Something that is not the Web API answers. */
  | { html: number }
  /** The connection breaks: before the call is carried out, or after. */
  | { cut: "before" | "after" }
  /** The call is carried out, the answer never comes. */
  | { hang: true };

export interface FakeSlack extends AsyncDisposable {
  /** For `apiUrl`. */
  apiUrl: string;
  botToken: string;
  appToken: string;
  signingSecret: string;
  /** Our own ids. */
  us: { userId: string; botId: string; appId: string; teamId: string };
  /** Messages as they read now, without those that were deleted. */
  posted: readonly PostedMessage[];
  calls: readonly { method: string; payload: Record<string, string> }[];
  /** Statuses shown, by conversation. */
  statuses: readonly { channel: string; threadTs: string; status: string }[];
  /** People that `users.info` knows, by id. */
  people: Map<string, { name: string; real_name?: string; profile?: { display_name?: string } }>;
  /** For `oauth`. */
  oauth: { clientId: string; clientSecret: string };
  /** Somebody of a workspace says yes: the code that Slack sends them back with. */
  agree(team: string, options?: { expiresInSeconds?: number }): string;
  /** Bot tokens granted so far, newest last. */
  granted: readonly string[];
  fail(fault: SlackFault, options?: { method?: string; times?: number }): void;
  /** Ends every stream, as Slack does after about five minutes. */
  closeStreams(): void;
  revokeToken(): void;
  /** What the bot token may do, as the header `x-oauth-scopes` says. */
  scopes: string[];
  /** Sends an Events API envelope over the socket; resolves when it is acknowledged, rejects if the socket closes. */
  push(payload: object, type?: "events_api" | "interactive" | "slash_commands"): Promise<void>;
  /** What the newest envelope was acknowledged with. */
  lastAnswer: unknown;
  sockets(): number;
  /** Closes the sockets as Slack does about once an hour. */
  recycle(): void;
  openConnections(): number;
  close(): Promise<void>;
}

type Answer = Record<string, unknown> & { ok: boolean };

const refuse = (error: string): Answer => ({ ok: false, error });

/**
 * A Web API that is as strict as Slack's about tokens, arguments and lengths, remembers what was posted, and fails on
 * demand; and its side of Socket Mode. Listens on a loopback port of its own.
 */
export async function startFakeSlack(): Promise<FakeSlack> {
  const us = { userId: "U0BOT00001", botId: "B0BOT00001", appId: "A0APP00001", teamId: "T0TEAM0001" };
  let botToken = "xoxb-1-TESTbotTokenSecret";
  const appToken = "xapp-1-TESTappTokenSecret";
  const signingSecret = "8f742231b10e8888abcd99yyyzzz85a5";
  const oauth = { clientId: "1.2", clientSecret: "TESTclientSecret" };
  /** Tokens that are good, by workspace; what a code or a refresh token is good for. */
  const issued = new Map<string, string>();
  const codes = new Map<string, { team: string; expiresInSeconds: number | undefined }>();
  const granted: string[] = [];
  const posted: PostedMessage[] = [];
  const calls: { method: string; payload: Record<string, string> }[] = [];
  const statuses: { channel: string; threadTs: string; status: string }[] = [];
  const people: FakeSlack["people"] = new Map();
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
    // Each is good once.
    codes.delete(ticket);
    const { team, expiresInSeconds } = given;
    const token = `xoxb-TESTgranted-${granted.push("")}-${team}`;
    granted[granted.length - 1] = token;
    issued.set(token, team);
    const rotating = expiresInSeconds !== undefined;
    const refresh = `xoxe-TESTrefresh-${granted.length}`;
    if (rotating) codes.set(refresh, { team, expiresInSeconds: 12 * 60 * 60 });
    return {
      ok: true,
      app_id: us.appId,
      access_token: token,
      token_type: "bot",
      bot_user_id: us.userId,
      team: { id: team, name: team },
      enterprise: null,
      is_enterprise_install: false,
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
    "users.info": ({ user = "" }) => {
      const found = people.get(user);
      return found ? { ok: true, user: { id: user, ...found } } : refuse("user_not_found");
    },
    "chat.postMessage": (payload, team) => {
      const message = readMessage(payload);
      if (typeof message === "string") return refuse(message);
      const ts = `1790000000.${String(nextTs++).padStart(6, "0")}`;
      posted.push({ ...message, ts, team, streaming: false, edited: false });
      // Who names a person gets the direct conversation with them.
      const channel = message.channel.replace(/^U/, "D");
      return { ok: true, channel, ts, message: { text: message.text } };
    },
    "chat.startStream": (payload, team) => {
      const { channel = "", thread_ts, recipient_user_id, recipient_team_id } = payload;
      const message = readMessage(payload);
      if (typeof message === "string") return refuse(message);
      if (thread_ts === undefined) return refuse("invalid_thread_ts");
      if (!channel.startsWith("D") && !recipient_user_id) return refuse("missing_recipient_user_id");
      if (!channel.startsWith("D") && !recipient_team_id) return refuse("missing_recipient_team_id");
      const ts = `1790000000.${String(nextTs++).padStart(6, "0")}`;
      posted.push({ ...message, ts, team, streaming: true, edited: false });
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
    "apps.connections.open": () => ({ ok: true, url: `${server.origin.replace(/^http/, "ws")}/socket` }),
  };

  const find = ({ channel, ts }: Record<string, string>) =>
    posted.find((message) => message.channel === channel && message.ts === ts);

  function growStream(payload: Record<string, string>, { isLast }: { isLast: boolean }): Answer {
    const stream = find(payload);
    if (!stream) return refuse("message_not_found");
    if (!stream.streaming) return refuse("message_not_in_streaming_state");
    const { markdown_text = "" } = payload;
    const blocks = readBlocks(payload["blocks"]);
    if (typeof blocks === "string") return refuse(blocks);
    if (markdown_text === "" && !isLast) return refuse("no_text");
    const whole = readMessage({ channel: stream.channel, markdown_text: stream.raw + markdown_text });
    if (typeof whole === "string") return refuse(whole);
    const { raw, text, pings } = whole;
    Object.assign(stream, { raw, text, pings, blocks, streaming: !isLast });
    return { ok: true, channel: stream.channel, ts: stream.ts };
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
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
    calls,
    statuses,
    people,
    scopes,
    oauth,
    granted,
    agree(team, { expiresInSeconds } = {}) {
      const code = `code-${codes.size}-${team}`;
      codes.set(code, { team, expiresInSeconds });
      return code;
    },
    fail(fault, { method = "chat.postMessage", times = 1 } = {}) {
      const queue = faults.get(method) ?? [];
      faults.set(method, [...queue, ...Array.from({ length: times }, () => fault)]);
    },
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
    recycle() {
      for (const client of clients)
        client.send(JSON.stringify({ type: "disconnect", reason: "refresh_requested" }));
    },
    openConnections: server.openConnections,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The headers of a request as Slack signs it. */
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

/** What a `chat.postMessage` would post, or Slack's word for what is wrong with it. */
function readMessage(
  payload: Record<string, string>,
): Omit<PostedMessage, "ts" | "team" | "streaming" | "edited"> | string {
  const { channel = "", thread_ts, text } = payload;
  const blocks = readBlocks(payload["blocks"]);
  if (typeof blocks === "string") return blocks;
  if (payload["markdown_text"] !== undefined && blocks.length > 0) return "markdown_text_conflict";
  // Where there are blocks, `text` is for notifications.
  const markdown_text = blocks.find(({ type }) => type === "markdown")?.text ?? payload["markdown_text"];
  if (!/^[CDGU][A-Z0-9]{2,}$/.test(channel)) return "channel_not_found";
  if (thread_ts !== undefined && !/^\d{10}\.\d{6}$/.test(thread_ts)) return "invalid_thread_ts";
  if (text !== undefined && payload["markdown_text"] !== undefined) return "markdown_text_conflict";
  const raw = markdown_text ?? text ?? "";
  if (raw.trim() === "") return "no_text";
  if (markdown_text !== undefined ? raw.length > 12_000 : raw.length > 40_000) return "msg_too_long";
  const format = markdown_text === undefined ? "text" : "markdown_text";
  const unescaped = raw.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  // A word joiner takes no room.
  const read = (format === "text" ? unescaped : raw).replaceAll("\u2060", "");
  // Markdown undoes entities and backslashes before anybody looks for mentions.
  const parsed = format === "text" ? raw : unescaped.replace(/\\(?=[@#!<])/g, "");
  const pings = [...parsed.matchAll(/<[@!#][^>]+>|(?<!\w)@(?:here|channel|everyone)\b/g)].map(
    ([ping]) => ping,
  );
  return { channel, threadTs: thread_ts ?? null, raw, text: read, format, pings, blocks };
}
