import type { TurnEvent } from "./execution-types.ts";
import type { Answer, Attachment, ListMessages, Message, SendMessage, Trail } from "./message-types.ts";
import { type List, listOf } from "./page.ts";
import type { Sessions } from "./sessions.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import { turnEvents } from "./turn-stream.ts";

export type Chat = ReturnType<typeof createChat>;

/** Conversations: open one, say something, read what was said. */
export function createChat(transport: Transport, sessions: Sessions) {
  const messages = (sessionId: string) => `/chat/sessions/${encodeURIComponent(sessionId)}/messages`;
  return {
    createSession: sessions.create,
    getSession: sessions.get,
    listSessions: sessions.list,
    updateSession: sessions.update,
    deleteSession: sessions.delete,

    /** Sends a message and waits for what the bot says. */
    sendMessage: (sessionId: string, message: SendMessage, options?: RequestOptions): Promise<Answer> =>
      transport.request({ method: "POST", path: messages(sessionId), body: message }, options),

    /**
     * Sends a message and yields what happens until the bot has answered. Leaving the loop does not stop the turn;
     * `executions.cancel` does.
     */
    sendMessageStream: (
      sessionId: string,
      message: SendMessage,
      options?: RequestOptions,
    ): AsyncGenerator<TurnEvent> =>
      turnEvents(
        transport,
        { method: "POST", path: `${messages(sessionId)}/stream`, body: message },
        options,
      ),

    /** Hands in a file; a message of the same session takes it along by its id. */
    uploadAttachment: (
      sessionId: string,
      file: Blob,
      query: { name?: string } = {},
      options?: RequestOptions,
    ): Promise<Attachment> =>
      transport.request(
        { method: "POST", path: `/chat/sessions/${encodeURIComponent(sessionId)}/attachments`, query, file },
        options,
      ),

    /** The content of a file that is `stored`. */
    async downloadAttachment(attachmentId: string, options?: RequestOptions): Promise<Blob> {
      const path = `/attachments/${encodeURIComponent(attachmentId)}/content`;
      return (await transport.open({ method: "GET", path }, options)).blob();
    },

    /** Oldest first. */
    listMessages: (sessionId: string, query: ListMessages = {}, options?: RequestOptions): List<Message> =>
      listOf(transport, { method: "GET", path: messages(sessionId), query: { ...query } }, options),

    /** What happened to a message, and why; the id of an execution or a delivery does as well. */
    trail: (messageId: string, options?: RequestOptions): Promise<Trail> =>
      transport.request({ method: "GET", path: `/messages/${encodeURIComponent(messageId)}/trail` }, options),
  };
}
