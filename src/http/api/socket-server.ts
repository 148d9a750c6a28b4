import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { RequestError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { SocketTokens } from "../../sessions/socket-token-repository.ts";
import type { ExecutionQueries } from "../../turns/execution-queries-repository.ts";
import type { OpenLimit } from "../open-limit.ts";
import { type RateLimit, requireRate, tooMany } from "../rate-limit.ts";
import { type Authenticate, KEY_RATE_EXCEEDED, KEY_STREAMS_EXCEEDED, requireScope } from "./auth.ts";
import { type Caller, SCOPES } from "./route.ts";
import { type SessionSocketDeps, type SocketResume, serveSocket } from "./session-socket.ts";

export interface SocketServerDeps extends Omit<SessionSocketDeps, "keyStands" | "onKeyRevoked" | "takeRate"> {
  executions: Pick<ExecutionQueries, "find" | "open" | "behind" | "lastBegun">;
  authenticate: Authenticate;
  /** Of a key: opening a socket and every message over it count like requests. */
  rateLimit: RateLimit;
  /** Open sockets of a key, its streams included. */
  streams: OpenLimit;
  /** Calls once a key is revoked. Returns how to stop listening. */
  onKeyRevoked(keyId: string, listener: () => void): () => void;
  tokens: Pick<SocketTokens, "holder" | "keyStands">;
  log: Logger;
}

export interface SocketServer {
  /** For the server's `upgrade` event. False: not a path of ours, nothing was done. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** Tells every client to connect again elsewhere. */
  close(): void;
}

const PATH = /^\/api\/v1\/chat\/sessions\/([^/]+)\/ws$/;
const MOST_BYTES = 1024 * 1024;
/** The close code for a server that goes away for a restart. */
const SERVICE_RESTART = 1012;

/** `GET /api/v1/chat/sessions/{id}/ws`: checks who is calling before it agrees to be a WebSocket. */
export function createSocketServer(deps: SocketServerDeps): SocketServer {
  const server = new WebSocketServer({ noServer: true, maxPayload: MOST_BYTES });

  async function open(request: IncomingMessage, socket: Duplex, head: Buffer, id: string, url: URL) {
    const caller = await callerOf(deps, request, id, url.searchParams.get("token"));
    const takeRate = () => requireRate(deps.rateLimit, caller.keyId, KEY_RATE_EXCEEDED);
    takeRate();
    requireScope(caller, "messages:write");
    const session = await deps.conversation.session(caller.workspaceId, id);
    const resume = await resumeOf(deps, session, request.headers, url.searchParams);
    const closed = deps.streams.open(caller.keyId);
    if (closed === null) throw tooMany("too_many_streams", KEY_STREAMS_EXCEEDED, 5);
    // Who has left meanwhile does not leave again.
    if (socket.destroyed) return closed();
    socket.once("close", closed);
    server.handleUpgrade(request, socket, head, (client) => {
      serveSocket(client, session, resume, {
        ...deps,
        keyStands: () => deps.tokens.keyStands(caller.keyId),
        onKeyRevoked: (listener) => deps.onKeyRevoked(caller.keyId, listener),
        takeRate,
      });
    });
  }

  return {
    upgrade(request, socket, head) {
      // Anything can stand there, and what is thrown here would end the process.
      if (!URL.canParse(request.url ?? "/", "http://localhost")) return false;
      const url = new URL(request.url ?? "/", "http://localhost");
      const id = PATH.exec(url.pathname)?.[1];
      if (id === undefined) return false;
      const ignore = () => undefined;
      socket.on("error", ignore);
      open(request, socket, head, id, url)
        .catch((error: unknown) => refuse(socket, error, deps.log))
        .finally(() => socket.off("error", ignore));
      return true;
    },
    close() {
      for (const client of server.clients) client.close(SERVICE_RESTART, "restarting");
    },
  };
}

async function callerOf(
  deps: SocketServerDeps,
  request: IncomingMessage,
  sessionId: string,
  token: string | null,
): Promise<Caller> {
  if (token === null) return deps.authenticate(request.headers);
  const holder = await deps.tokens.holder(token);
  if (!holder || holder.sessionId !== sessionId) {
    throw new RequestError(401, "invalid_token", "This token is unknown, expired, or of another session.");
  }
  const scopes = SCOPES.filter((scope) => holder.scopes.includes(scope));
  return { workspaceId: holder.workspaceId, keyId: holder.keyId, scopes };
}

/** Ids count within a turn. One that comes without a turn is of the last that began. */
async function resumeOf(
  { executions }: SocketServerDeps,
  session: { id: string; workspaceId: string },
  headers: IncomingHttpHeaders,
  query: URLSearchParams,
): Promise<SocketResume | null> {
  const named = query.get("execution_id");
  const lastEventId = query.get("last_event_id") ?? headers["last-event-id"];
  if (named === null && lastEventId === undefined) return null;
  if (typeof lastEventId !== "string" || !/^\d{1,15}$/.test(lastEventId)) {
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
  return { executionId, lastEventId: Number(lastEventId) };
}

/** The handshake is still HTTP: a refusal is an ordinary error response. */
function refuse(socket: Duplex, error: unknown, log: Logger): void {
  const known = error instanceof RequestError ? error : null;
  if (!known) log.error({ err: error }, "a socket could not be opened");
  const { status, code, message } = known ?? {
    status: 500,
    code: "internal_error",
    message: "Something went wrong here. The operator's log says what.",
  };
  const body = JSON.stringify({
    error: { code, message, details: known?.details ?? null, request_id: null },
  });
  socket.end(
    [
      `HTTP/1.1 ${status} ${code}`,
      "Content-Type: application/json; charset=utf-8",
      `Content-Length: ${Buffer.byteLength(body)}`,
      "Connection: close",
      ...Object.entries(known?.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
      "",
      body,
    ].join("\r\n"),
  );
}
