import { CallError } from "./call-error.ts";
import { call, reach } from "./http.ts";
import type { Visitor } from "./visitor.ts";
import type { WireChannel, WireMessage, WirePage, WireResetOffer, WireSession } from "./wire.ts";

export type ApiClient = ReturnType<typeof createApiClient>;

/** Permanent errors of the page or its snippet. Waiting does not help. */
const REFUSALS = ["origin_not_allowed", "channel_not_found"];

/** A message in the format of the server. `client_message_id` makes a repeated send harmless. */
export interface OutgoingMessage {
  content: string;
  client_message_id: string;
  payload?: string;
  attachment_ids?: string[];
}

/** The calls of one web channel, made as its visitor. */
export function createApiClient(options: {
  base: string;
  visitor: Visitor;
  /** Gets the reason why this page may not use the channel, or null once it may. */
  onRefusal(refusal: CallError | null): void;
}) {
  const { base, visitor } = options;
  let refusal: CallError | null = null;

  function setRefusal(next: CallError | null): void {
    if (next?.code === refusal?.code) return;
    refusal = next;
    options.onRefusal(next);
  }

  /**
   * The only call whose refusal a page of an unlisted site may read. Browsers hide all other refusals, as if offline.
   */
  async function channel(): Promise<WireChannel> {
    try {
      const introduced = await call<WireChannel>("GET", base);
      setRefusal(null);
      return introduced;
    } catch (error) {
      if (error instanceof CallError && REFUSALS.includes(error.code)) setRefusal(error);
      throw error;
    }
  }

  async function token(): Promise<string> {
    if (refusal) await channel();
    return visitor.token();
  }

  async function asVisitor<T>(method: string, path: string, body?: unknown): Promise<T> {
    const known = { token: await token() };
    return call<T>(method, base + path, body === undefined ? known : { ...known, body });
  }

  return {
    channel,
    /** Any call below the channel's address. */
    asVisitor,
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

    /** The event stream of all sessions, with all events after the given seq for those in `open`. */
    async openEvents(
      position: { open: readonly { sessionId: string; seq: number }[]; tab: string },
      signal: AbortSignal,
    ): Promise<ReadableStream<Uint8Array>> {
      const query = new URLSearchParams({ tab: position.tab });
      if (position.open.length > 0) {
        query.set("open", position.open.map(({ sessionId, seq }) => `${sessionId}:${seq}`).join(","));
      }
      const headers = { authorization: `Bearer ${await token()}` };
      const { body } = await reach(`${base}/events?${query}`, { headers, signal });
      if (!body) throw new Error("the answer has no body");
      return body;
    },

    /** Fetched with the visitor's token, which the URL of an element could not carry. */
    async attachmentContent(sessionId: string, id: string): Promise<Blob> {
      const headers = { authorization: `Bearer ${await token()}` };
      const response = await reach(`${base}/sessions/${sessionId}/attachments/${id}/content`, { headers });
      return response.blob();
    },

    /** The URL and token for an upload. Uploads do not use fetch, because it reports no progress. */
    async uploadTarget(sessionId: string, name: string): Promise<{ url: string; token: string }> {
      const url = `${base}/sessions/${sessionId}/attachments?name=${encodeURIComponent(name)}`;
      return { url, token: await token() };
    },
  };
}
