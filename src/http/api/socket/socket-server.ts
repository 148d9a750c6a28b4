import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { createAdmissionLimit } from "../../../core/process/admission-limit.ts";
import type { Logger } from "../../../core/process/logger.ts";
import type { SocketTokens } from "../../../sessions/socket-token-repository.ts";
import type { ExecutionQueries } from "../../../turns/answering/execution-queries-repository.ts";
import type { Attempts } from "../../server/attempts.ts";
import type { CallerOf } from "../../server/caller-address.ts";
import { createOpenLimit, type OpenLimit } from "../../server/open-limit.ts";
import { type RateLimit, requireRate, tooMany } from "../../server/rate-limit.ts";
import { type Authenticate, KEY_RATE_EXCEEDED, KEY_STREAMS_EXCEEDED, requireScope } from "../route/auth.ts";
import { refuse } from "./refuse-upgrade.ts";
import { type SocketConversations, serveSocket } from "./session-socket.ts";
import { holderOf, resumeOf } from "./socket-opening.ts";

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
