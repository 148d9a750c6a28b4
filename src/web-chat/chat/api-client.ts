import { call, reach } from "./http.ts";
import type { Visitor } from "./visitor.ts";
import type { WireChannel, WireMessage, WirePage, WireResetOffer, WireSession } from "./wire.ts";

export type ApiClient = ReturnType<typeof createApiClient>;

/** A message as it is sent. `client_message_id` makes sending it again harmless. */
export interface OutgoingMessage {
  content: string;
  client_message_id: string;
  payload?: string;
  attachment_ids?: string[];
}

/** The calls of one web channel, made as its visitor. */
export function createApiClient(options: { base: string; visitor: Visitor }) {
  const { base, visitor } = options;

  async function asVisitor<T>(method: string, path: string, body?: unknown): Promise<T> {
    const token = await visitor.token();
    return call<T>(method, base + path, body === undefined ? { token } : { token, body });
  }

  return {
    channel: () => call<WireChannel>("GET", base),
    openSession: () => asVisitor<WireSession>("POST", "/sessions", {}),
    listMessages: (sessionId: string, query: string) =>
      asVisitor<WirePage>("GET", `/sessions/${sessionId}/messages?${query}`),
    sendMessage: (sessionId: string, message: OutgoingMessage) =>
      asVisitor<WireMessage>("POST", `/sessions/${sessionId}/messages`, message),
    markRead: (sessionId: string, seq: number) =>
      asVisitor<void>("POST", `/sessions/${sessionId}/read`, { seq }),
    stop: (sessionId: string) => asVisitor<{ stopped: string[] }>("POST", `/sessions/${sessionId}/stop`, {}),
    resetOffer: (sessionId: string) => asVisitor<WireResetOffer>("GET", `/sessions/${sessionId}/reset`),
    reset: (sessionId: string, choice: { trigger_events: boolean; prompt?: string }) =>
      asVisitor<WireSession>("POST", `/sessions/${sessionId}/reset`, choice),
    end: (sessionId: string, choice: { trigger_events: boolean }) =>
      asVisitor<WireSession>("POST", `/sessions/${sessionId}/end`, choice),

    /** The event stream of all sessions, with everything of those in `open` behind their seq. */
    async openEvents(
      position: { open: readonly { sessionId: string; seq: number }[]; tab: string },
      signal: AbortSignal,
    ): Promise<ReadableStream<Uint8Array>> {
      const query = new URLSearchParams({ tab: position.tab });
      if (position.open.length > 0) {
        query.set("open", position.open.map(({ sessionId, seq }) => `${sessionId}:${seq}`).join(","));
      }
      const headers = { authorization: `Bearer ${await visitor.token()}` };
      const { body } = await reach(`${base}/events?${query}`, { headers, signal });
      if (!body) throw new Error("the answer has no body");
      return body;
    },

    /** Fetched with the visitor's token, which a URL in an element could not carry. */
    async attachmentContent(sessionId: string, id: string): Promise<Blob> {
      const headers = { authorization: `Bearer ${await visitor.token()}` };
      const response = await reach(`${base}/sessions/${sessionId}/attachments/${id}/content`, { headers });
      return response.blob();
    },

    /** Where a file goes, and what lets it in: uploads need their progress, which fetch does not tell. */
    async uploadTarget(sessionId: string, name: string): Promise<{ url: string; token: string }> {
      const url = `${base}/sessions/${sessionId}/attachments?name=${encodeURIComponent(name)}`;
      return { url, token: await visitor.token() };
    },
  };
}
