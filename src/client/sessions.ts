import { type List, listOf } from "./page.ts";
import type {
  CreateSession,
  ListSessions,
  PromptMessage,
  ResetSession,
  Session,
  SessionEvent,
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

    list: (query: ListSessions = {}, options?: RequestOptions): List<Session> =>
      listOf(transport, { method: "GET", path: "/chat/sessions", query: { ...query } }, options),

    /** Only what is present changes; null clears. */
    update: (id: string, changes: UpdateSession, options?: RequestOptions): Promise<Session> =>
      transport.request({ method: "PATCH", path: path(id), body: changes }, options),

    delete: (id: string, options?: RequestOptions): Promise<void> =>
      transport.request({ method: "DELETE", path: path(id) }, options),

    end: (id: string, how: { triggerEvents?: boolean } = {}, options?: RequestOptions): Promise<Session> =>
      transport.request({ method: "POST", path: path(id, "/end"), body: how }, options),

    /** Completes the session and answers with the next one. */
    reset: (id: string, how: ResetSession = {}, options?: RequestOptions): Promise<Session> =>
      transport.request({ method: "POST", path: path(id, "/reset"), body: how }, options),

    /** The exact messages the bot would be sent. */
    render: (
      id: string,
      next: { content?: string } = {},
      options?: RequestOptions,
    ): Promise<{ messages: PromptMessage[] }> =>
      transport.request({ method: "POST", path: path(id, "/render"), body: next }, options),

    /** What the agent's event rules did in it, oldest first. */
    listEvents: (id: string, query: PageQuery = {}, options?: RequestOptions): List<SessionEvent> =>
      listOf(transport, { method: "GET", path: path(id, "/events"), query: { ...query } }, options),

    /** What a browser opens the session's WebSocket with. */
    socketToken: (id: string, options?: RequestOptions): Promise<SocketToken> =>
      transport.request({ method: "POST", path: path(id, "/ws_token"), body: {} }, options),
  };
}
