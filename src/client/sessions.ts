import { type List, listOf } from "./page.ts";
import type {
  CreateSession,
  ListSessions,
  PromptMessage,
  ResetSession,
  Session,
  SessionEvent,
  SessionRow,
  SocketToken,
  UpdateSession,
} from "./session-types.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import type { PageQuery } from "./types.ts";

export type Sessions = ReturnType<typeof createSessions>;

/** Sessions as resources: create, get, list, update, end, reset, delete. */
export function createSessions(transport: Transport) {
  const path = (id: string, rest = "") => `/chat/sessions/${encodeURIComponent(id)}${rest}`;
  return {
    create: (session: CreateSession, options?: RequestOptions): Promise<Session> =>
      transport.request({ method: "POST", path: "/chat/sessions", body: session }, options),

    get: (id: string, options?: RequestOptions): Promise<Session> =>
      transport.request({ method: "GET", path: path(id) }, options),

    list: (query: ListSessions = {}, options?: RequestOptions): List<SessionRow> =>
      listOf(transport, { method: "GET", path: "/chat/sessions", query: { ...query } }, options),

    /** Changes only the fields that are present; null clears a field. */
    update: (id: string, changes: UpdateSession, options?: RequestOptions): Promise<Session> =>
      transport.request({ method: "PATCH", path: path(id), body: changes }, options),

    delete: (id: string, options?: RequestOptions): Promise<void> =>
      transport.request({ method: "DELETE", path: path(id) }, options),

    end: (id: string, how: { triggerEvents?: boolean } = {}, options?: RequestOptions): Promise<Session> =>
      transport.request({ method: "POST", path: path(id, "/end"), body: how }, options),

    /** Completes the session and returns the next one. */
    reset: (id: string, how: ResetSession = {}, options?: RequestOptions): Promise<Session> =>
      transport.request({ method: "POST", path: path(id, "/reset"), body: how }, options),

    /** Returns the exact messages that the bot would receive. */
    render: (
      id: string,
      next: { content?: string } = {},
      options?: RequestOptions,
    ): Promise<{ messages: PromptMessage[] }> =>
      transport.request({ method: "POST", path: path(id, "/render"), body: next }, options),

    /** Lists the firings of the agent's event rules in a session, oldest first. */
    listEvents: (id: string, query: PageQuery = {}, options?: RequestOptions): List<SessionEvent> =>
      listOf(transport, { method: "GET", path: path(id, "/events"), query: { ...query } }, options),

    /** Returns a token with which a browser opens the session's WebSocket. */
    socketToken: (id: string, options?: RequestOptions): Promise<SocketToken> =>
      transport.request({ method: "POST", path: path(id, "/ws_token"), body: {} }, options),
  };
}
