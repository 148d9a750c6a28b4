import type { Handoff, HandoffReply, ListHandoffs, ReleaseHandoff, RequestHandoff } from "./handoff-types.ts";
import type { Attachment, Message } from "./message-types.ts";
import { type List, listOf } from "./page.ts";
import type { RequestOptions, Transport } from "./transport.ts";

export type HandoffCalls = ReturnType<typeof createHandoffs>;

/** A person answers instead of the bot. */
export function createHandoffs(transport: Transport) {
  const path = (sessionId: string, rest = "") =>
    `/chat/sessions/${encodeURIComponent(sessionId)}/handoff${rest}`;
  return {
    /** Newest first. */
    list: (query: ListHandoffs = {}, options?: RequestOptions): List<Handoff> =>
      listOf(transport, { method: "GET", path: "/handoffs", query: { ...query } }, options),

    get: (id: string, options?: RequestOptions): Promise<Handoff> =>
      transport.request({ method: "GET", path: `/handoffs/${encodeURIComponent(id)}` }, options),

    /** Asks for a person: the bot is silent from now on. Returns the open handoff if there is one. */
    request: (sessionId: string, why: RequestHandoff = {}, options?: RequestOptions): Promise<Handoff> =>
      transport.request({ method: "POST", path: path(sessionId), body: why }, options),

    /** Throws 409 `handoff_taken` if another person answers, unless `force` is set. */
    take: (
      sessionId: string,
      as: { name?: string; force?: boolean } = {},
      options?: RequestOptions,
    ): Promise<Handoff> =>
      transport.request({ method: "POST", path: path(sessionId, "/take"), body: as }, options),

    /** Sends a message to the user. If nobody holds the handoff, the caller does from now on. */
    reply: (sessionId: string, reply: HandoffReply, options?: RequestOptions): Promise<Message> =>
      transport.request({ method: "POST", path: path(sessionId, "/reply"), body: reply }, options),

    /** Uploads a file for a reply, which refers to it by its id. */
    upload: (
      sessionId: string,
      file: Blob,
      query: { name?: string } = {},
      options?: RequestOptions,
    ): Promise<Attachment> =>
      transport.request({ method: "POST", path: path(sessionId, "/attachments"), query, file }, options),

    /** The bot answers again: the next message, or the waiting messages at once. */
    release: (sessionId: string, how: ReleaseHandoff = {}, options?: RequestOptions): Promise<Handoff> =>
      transport.request({ method: "POST", path: path(sessionId, "/release"), body: how }, options),
  };
}
