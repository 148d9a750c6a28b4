import type { TurnEvent } from "./execution-types.ts";
import type {
  Answer,
  Attachment,
  ListedFeedback,
  ListFeedback,
  ListMessages,
  Message,
  RateMessage,
  SendMessage,
  Trail,
} from "./message-types.ts";
import { type List, listOf } from "./page.ts";
import type { Sessions } from "./sessions.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import { turnEvents } from "./turn-stream.ts";

export type Chat = ReturnType<typeof createChat>;

/** Conversations: create a session, send messages, read messages. */
export function createChat(transport: Transport, sessions: Sessions) {
  const messages = (sessionId: string) => `/chat/sessions/${encodeURIComponent(sessionId)}/messages`;
  return {
    createSession: sessions.create,
    getSession: sessions.get,
    listSessions: sessions.list,
    updateSession: sessions.update,
    deleteSession: sessions.delete,

    /** Sends a message and waits for the bot's answer. */
    sendMessage: (sessionId: string, message: SendMessage, options?: RequestOptions): Promise<Answer> =>
      transport.request({ method: "POST", path: messages(sessionId), body: message }, options),

    /**
     * Sends a message and yields the events of its turn until the bot has answered. Leaving the loop does not stop the
     * turn; `executions.cancel` does.
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

    /** Uploads a file. A message of the same session refers to it by its id. */
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

    /** Downloads the content of a file whose state is `stored`. */
    async downloadAttachment(attachmentId: string, options?: RequestOptions): Promise<Blob> {
      const path = `/attachments/${encodeURIComponent(attachmentId)}/content`;
      return (await transport.open({ method: "GET", path }, options)).blob();
    },

    /** Lists messages, oldest first. */
    listMessages: (sessionId: string, query: ListMessages = {}, options?: RequestOptions): List<Message> =>
      listOf(transport, { method: "GET", path: messages(sessionId), query: { ...query } }, options),

    /** Rates what the bot said. A later call of the same user replaces the rating. */
    rateMessage: (messageId: string, rating: RateMessage, options?: RequestOptions): Promise<Message> =>
      transport.request(
        { method: "POST", path: `/messages/${encodeURIComponent(messageId)}/feedback`, body: rating },
        options,
      ),

    /** Lists ratings of every channel, newest first. */
    listFeedback: (query: ListFeedback = {}, options?: RequestOptions): List<ListedFeedback> =>
      listOf(transport, { method: "GET", path: "/feedback", query: { ...query } }, options),

    /** Describes what happened to a message, and why. Also accepts the id of an execution or a delivery. */
    trail: (messageId: string, options?: RequestOptions): Promise<Trail> =>
      transport.request({ method: "GET", path: `/messages/${encodeURIComponent(messageId)}/trail` }, options),
  };
}
