import { hash } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { RequestError } from "../../../core/faults/errors.ts";
import { createAdmissionLimit } from "../../../core/process/admission-limit.ts";
import type { Logger } from "../../../core/process/logger.ts";
import { storableText } from "../../../core/text/text.ts";
import type { SocketTokens } from "../../../sessions/socket-token-repository.ts";
import type { ExecutionQueries } from "../../../turns/answering/execution-queries-repository.ts";
import type { Attempts } from "../../server/attempts.ts";
import type { CallerOf } from "../../server/caller-address.ts";
import { createOpenLimit, type OpenLimit } from "../../server/open-limit.ts";
import { type RateLimit, requireRate, tooMany } from "../../server/rate-limit.ts";
import { type Authenticate, KEY_RATE_EXCEEDED, KEY_STREAMS_EXCEEDED, requireScope } from "../route/auth.ts";
import { databaseOutage } from "../route/database-outage.ts";
import { type Caller, SCOPES } from "../route/route.ts";
import { type SocketConversations, type SocketResume, serveSocket } from "./session-socket.ts";

/** The parts of the API through which a socket is opened. */
export interface SocketGate {
  authenticate: Authenticate;
  /** Limits wrong tokens, by address. */
  attempts: Attempts;
  callerOf: CallerOf;
  /** The rate of a key. Opening a socket and every message over it count like requests. */
  rateLimit: RateLimit;
  /** The open sockets of a key, including its streams. */
  streams: OpenLimit;
  /** Calls the listener once a key is revoked. Returns a function that stops listening. */
  onKeyRevoked(keyId: string, listener: () => void): () => void;
}

export interface SocketServerDeps {
  gate: SocketGate;
  conversations: SocketConversations & {
    executions: Pick<ExecutionQueries, "find" | "open" | "behind" | "lastBegun">;
  };
  tokens: Pick<SocketTokens, "holder" | "keyStands">;
  log: Logger;
}

export interface SocketServer {
  /** For the server's `upgrade` event. Returns false, and does nothing, if the path is not ours. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** Asks every client to connect again elsewhere. */
  close(): void;
}

const PATH = /^\/api\/v1\/chat\/sessions\/([^/]+)\/ws$/;
const MOST_BYTES = 1024 * 1024;
/** A message in very many pieces would take many times the memory of its content. */
const MOST_PIECES = 1_024;
/** Maximum number of sockets of one session: a person's devices, and their tabs. */
const MOST_PER_SESSION = 20;
/** Frames that wait in this process, shared by the sessions. */
const WAITING_FRAMES = { count: 20_000, bytes: 128 * 1024 * 1024 };
/** Time limit for opening a socket, and time after a refusal until the socket is destroyed, milliseconds. */
const HANDSHAKE_MS = 15_000;
const FAREWELL_MS = 1_000;
/** The close code of a server that restarts. */
const SERVICE_RESTART = 1012;

/** `GET /api/v1/chat/sessions/{id}/ws`: authenticates the caller before it accepts the WebSocket. */
export function createSocketServer(deps: SocketServerDeps): SocketServer {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_BYTES,
    maxFragments: MOST_PIECES,
    maxBufferedChunks: 16 * MOST_PIECES,
  });
  const { gate, conversations, tokens, log } = deps;
  const perSession = createOpenLimit(MOST_PER_SESSION);
  const frames = createAdmissionLimit(WAITING_FRAMES);

  async function open(request: IncomingMessage, socket: Duplex, head: Buffer, id: string, url: URL) {
    const caller = await holderOf(deps, request, id, url.searchParams.get("token"));
    const takeRate = () => requireRate(gate.rateLimit, caller.keyId, KEY_RATE_EXCEEDED);
    takeRate();
    requireScope(caller, "messages:write");
    const session = await conversations.conversation.session(caller.workspaceId, id);
    const resume = await resumeOf(conversations, session, request.headers, url.searchParams);
    holdOpen(socket, gate.streams.open(caller.keyId), KEY_STREAMS_EXCEEDED);
    holdOpen(socket, perSession.open(session.id), SESSION_SOCKETS_EXCEEDED);
    if (socket.destroyed) return;
    const key = {
      stands: () => tokens.keyStands(caller.keyId),
      onRevoked: (listener: () => void) => gate.onKeyRevoked(caller.keyId, listener),
      takeRate,
    };
    const takeRoom = (bytes: number) => frames.take(session.id, bytes);
    server.handleUpgrade(request, socket, head, (client) =>
      serveSocket(client, session, resume, { conversations, key, takeRoom, log }),
    );
  }

  return {
    upgrade(request, socket, head) {
      // The URL can be anything, and an exception here would end the process.
      if (!URL.canParse(request.url ?? "/", "http://localhost")) return false;
      const url = new URL(request.url ?? "/", "http://localhost");
      const id = PATH.exec(url.pathname)?.[1];
      if (id === undefined) return false;
      const ignore = () => undefined;
      socket.on("error", ignore);
      const late = setTimeout(() => socket.destroy(), HANDSHAKE_MS);
      open(request, socket, head, id, url)
        .catch((error: unknown) => refuse(socket, error, log))
        .finally(() => {
          clearTimeout(late);
          // By now an open socket has its own listener. A refused socket needs this one to its end.
          if (!socket.writableEnded) socket.off("error", ignore);
        });
      return true;
    },
    close() {
      for (const client of server.clients) client.close(SERVICE_RESTART, "restarting");
    },
  };
}

/** Frees a place when the socket closes. Throws a 429 if there was none. */
function holdOpen(socket: Duplex, leave: (() => void) | null, message: string): void {
  if (leave === null) throw tooMany("too_many_streams", message, 5);
  // A client that has already left sends no further close event.
  if (socket.destroyed) leave();
  else socket.once("close", leave);
}

const SESSION_SOCKETS_EXCEEDED = "This session has too many sockets open. Close some first.";

async function holderOf(
  { gate, tokens }: SocketServerDeps,
  request: IncomingMessage,
  sessionId: string,
  token: string | null,
): Promise<Caller> {
  if (token === null) {
    const caller = await gate.authenticate(request);
    if (caller.consoleId === null) return caller;
    // A page cannot add X-Console to a WebSocket, so a cookie would let a foreign page open one.
    const message = "The console's cookie opens no socket. Ask for a token of the session's socket first.";
    throw new RequestError(403, "console_socket", message);
  }
  const lookUp = () => tokens.holder(token);
  const holder = await gate.attempts.check(gate.callerOf(request), hash("sha256", token), lookUp);
  if (!holder || holder.sessionId !== sessionId) {
    throw new RequestError(401, "invalid_token", "This token is unknown, expired, or of another session.");
  }
  const scopes = SCOPES.filter((scope) => holder.scopes.includes(scope));
  return { workspaceId: holder.workspaceId, keyId: holder.keyId, scopes, consoleId: null };
}

/** Event ids count within a turn. An id without a turn belongs to the last turn that began. */
async function resumeOf(
  { executions }: SocketServerDeps["conversations"],
  session: { id: string; workspaceId: string },
  headers: IncomingHttpHeaders,
  query: URLSearchParams,
): Promise<SocketResume | null> {
  const given = query.get("execution_id");
  const named = given === null ? null : storableText(given);
  const lastEventId = query.get("last_event_id") ?? headers["last-event-id"];
  if (named === null && lastEventId === undefined) return null;
  const afterId =
    typeof lastEventId === "string" && /^\d{1,16}$/.test(lastEventId) ? Number(lastEventId) : null;
  if (afterId === null || !Number.isSafeInteger(afterId)) {
    throw new RequestError(
      400,
      "invalid_last_event_id",
      "last_event_id is the id of the last frame you got.",
    );
  }
  const executionId = named ?? (await executions.lastBegun(session.id));
  if (executionId === null) return null;
  const execution = await executions.find(session.workspaceId, executionId);
  if (execution?.sessionId !== session.id) {
    throw new RequestError(404, "execution_not_found", `This session has no execution ${executionId}.`);
  }
  return { executionId, lastEventId: afterId };
}

/** The handshake is still HTTP, so a refusal is an ordinary error response that ends the connection. */
function refuse(socket: Duplex, error: unknown, log: Logger): void {
  const known = error instanceof RequestError ? error : databaseOutage(error);
  if (!known) log.error({ err: error }, "a socket could not be opened");
  const { status, code, message } = known ?? {
    status: 500,
    code: "internal_error",
    message: "Something went wrong here. The operator's log has the reason.",
  };
  const body = JSON.stringify({
    error: { code, message, details: known?.details ?? null, request_id: null },
  });
  const lines = [
    `HTTP/1.1 ${status} ${code}`,
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
    ...Object.entries(known?.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end([...lines, "", body].join("\r\n"));
  // The other side may keep its half open as long as it likes. Until it has read this, its further bytes are read.
  socket.resume();
  const farewell = setTimeout(() => socket.destroy(), FAREWELL_MS);
  socket.once("close", () => clearTimeout(farewell));
}
