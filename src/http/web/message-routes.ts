import { Router } from "express";
import { z } from "zod";
import { RequestError } from "../../core/faults/errors.ts";
import type { Visitor } from "../../core/session/visitor.ts";
import { storableText } from "../../core/text/text.ts";
import { type SendOutcome, sendMessage } from "../../ingest/send-message.ts";
import type { VisitorMessage } from "../../sessions/visitor-message.ts";
import type { VisitorSession } from "../../sessions/visitor-repository.ts";
import { attachmentAlreadySent, MOST_ATTACHMENTS, uploadsOf } from "../bodies/uploads.ts";
import { CONTENT_LIMIT, count, readBody, readQuery } from "./read-body.ts";
import { requireOwnSession, sessionNotFound } from "./visitor-auth.ts";
import type { WebChannel, WebDeps } from "./web-deps.ts";
import { requireVisitorRate } from "./web-limits.ts";
import { messageObject } from "./wire.ts";

const messageSchema = z
  .strictObject({
    content: z.string().max(CONTENT_LIMIT).default(""),
    payload: z.string().min(1).max(10_000).optional(),
    client_message_id: z
      .string()
      .regex(/^[\x21-\x7e]{1,100}$/, "write 1 to 100 printable characters without spaces"),
    attachment_ids: z.array(z.string().min(1)).max(MOST_ATTACHMENTS).default([]),
  })
  .refine(({ content, attachment_ids }) => content.trim() !== "" || attachment_ids.length > 0, {
    path: ["content"],
    error: "is empty",
  });

const pageSchema = z
  .object({
    after_seq: count(0, 2 ** 31 - 1).optional(),
    before_seq: count(0, 2 ** 31 - 1).optional(),
    limit: count(1, 100).default(50),
  })
  .refine((query) => query.after_seq === undefined || query.before_seq === undefined, {
    path: ["before_seq"],
    error: "send after_seq or before_seq, not both",
  });

type MessageDeps = Pick<WebDeps, "site" | "visitors" | "traffic" | "sessions" | "news" | "files">;

/** A visitor's messages: write one, read the history. */
export function messageRoutes(deps: MessageDeps): Router {
  const router = Router();

  router.post("/web/:channel/sessions/:session/messages", async (request, response) => {
    const { channel, visitor, session } = await requireOwnSession(deps, request, response);
    const body = await readBody(request, messageSchema);
    const { messagesPerVisitor, messagesPerAddress } = deps.traffic.limits;
    const rates = { visitor: messagesPerVisitor, address: messagesPerAddress };
    requireVisitorRate(rates, visitor, deps.traffic.callerOf(request));
    const message = await storeMessage(deps, { channel, visitor, session, body });
    deps.news.sessions.announce(message.sessionId);
    // 202: stored, and the answer follows on the event stream. `session_id` is another one if this session had ended.
    response.status(202).json(messageObject(message));
  });

  router.get("/web/:channel/sessions/:session/messages", async (request, response) => {
    const { visitor, session } = await requireOwnSession(deps, request, response);
    const { after_seq: after, before_seq: before, limit } = readQuery(request, pageSchema);
    const page = { afterSeq: after ?? null, beforeSeq: before ?? null, limit };
    const { messages, more } = await deps.visitors.listMessages({ sessionId: session.id, visitor }, page);
    const seqs = { from: messages[0]?.seq ?? 0, to: messages.at(-1)?.seq ?? 0 };
    const stopped = await deps.visitors.stoppedAnswers(session.id, seqs);
    response.setHeader("Cache-Control", "no-store");
    response.json({
      data: messages.map(messageObject),
      // These are not messages: the bot does not know them, but the visitor who stopped it has read them.
      stopped: stopped.map(({ executionId, content }) => ({ execution_id: executionId, content })),
      meta: { limit, has_more: more },
    });
  });

  return router;
}

interface NewMessage {
  channel: WebChannel;
  visitor: Visitor;
  session: VisitorSession;
  body: z.output<typeof messageSchema>;
}

/** Stores a message once, however often it is sent. */
async function storeMessage(deps: MessageDeps, message: NewMessage): Promise<VisitorMessage> {
  const { channel, visitor, session, body } = message;
  const { content, payload } = body;
  if (payload !== undefined && !(await deps.sessions.wasOffered(session.id, { label: content, payload }))) {
    const reason = "No message of this session has such a button. Send the text without a payload.";
    throw new RequestError(422, "button_not_offered", reason);
  }
  const eventKey = `web:${visitor.id}:${body.client_message_id}`;
  const idBefore = async () => (await deps.visitors.messageOfEvent(channel.ref.id, eventKey))?.id ?? null;
  const uploads = await uploadsOf(deps.files.uploads, session.id, body.attachment_ids, idBefore);
  const sent = await sendMessage(
    {
      accept: deps.sessions.accept,
      successor: deps.sessions.successor,
      sentBefore: () => repeated(deps, message, eventKey),
    },
    channel.ref,
    {
      sessionId: session.id,
      content,
      ...(payload === undefined ? {} : { payload }),
      eventKey,
      metadata: { client_message_id: body.client_message_id },
      uploads,
    },
  );
  switch (sent.kind) {
    case "stored":
      return await storedMessage(deps, body, sent);
    case "known":
      return sent.message;
    case "upload_taken":
      throw attachmentAlreadySent();
    case "session_gone":
      throw sessionNotFound();
    case "not_stored":
      throw new RequestError(503, "not_stored", "The message could not be stored. Send it again.", {
        headers: { "Retry-After": "1" },
      });
  }
}

async function storedMessage(
  { files }: Pick<MessageDeps, "files">,
  body: NewMessage["body"],
  { row, outcome }: Extract<SendOutcome<VisitorMessage>, { kind: "stored" }>,
): Promise<VisitorMessage> {
  const sent = await Promise.all(body.attachment_ids.map(files.uploads.find));
  return {
    id: row.messageId,
    sessionId: outcome.sessionId,
    seq: outcome.seq,
    role: "user",
    content: row.content,
    format: null,
    buttons: [],
    payload: outcome.payload,
    executionId: outcome.executionId,
    clientMessageId: body.client_message_id,
    attachments: sent.filter((file) => file !== null),
    feedback: null,
    createdAt: outcome.createdAt,
  };
}

/** The answer to an earlier send with this id; null if there was none. */
async function repeated(
  deps: Pick<MessageDeps, "visitors">,
  { channel, body }: NewMessage,
  eventKey: string,
): Promise<VisitorMessage | null> {
  const known = await deps.visitors.messageOfEvent(channel.ref.id, eventKey);
  if (known && known.content !== storableText(body.content)) {
    const reason = "Another message was sent with this client_message_id. Use a new one for each message.";
    throw new RequestError(409, "client_message_id_reused", reason);
  }
  return known;
}
