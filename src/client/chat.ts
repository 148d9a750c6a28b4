import { createAttachments } from "./attachments.ts";
import type { TurnEvent } from "./execution-types.ts";
import { createFeedback } from "./feedback.ts";
import type { Answer, ListMessages, Message, SendMessage, Trail } from "./message-types.ts";
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
    ...createAttachments(transport),
    ...createFeedback(transport),

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

    /** Lists messages, oldest first. */
    listMessages: (sessionId: string, query: ListMessages = {}, options?: RequestOptions): List<Message> =>
      listOf(transport, { method: "GET", path: messages(sessionId), query: { ...query } }, options),

    /** Describes what happened to a message, and why. Also accepts the id of an execution or a delivery. */
    trail: (messageId: string, options?: RequestOptions): Promise<Trail> =>
      transport.request({ method: "GET", path: `/messages/${encodeURIComponent(messageId)}/trail` }, options),
  };
}
