import { Router } from "express";
import { z } from "zod";
import { RequestError } from "../../core/errors.ts";
import { storableText } from "../../core/text.ts";
import type { Visitor } from "../../core/visitor.ts";
import type { VisitorMessage, VisitorSession } from "../../sessions/visitor-repository.ts";
import { requireRate } from "../rate-limit.ts";
import { attachmentAlreadySent, MOST_ATTACHMENTS, uploadsOf } from "../uploads.ts";
import { CONTENT_LIMIT, count, readBody, readQuery } from "./read-body.ts";
import { requireChannel, requireSession, requireVisitor, sessionNotFound } from "./visitor-auth.ts";
import type { WebChannel, WebDeps } from "./web-deps.ts";
import { TOO_FAST } from "./web-limits.ts";
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

type MessageDeps = Pick<
  WebDeps,
  | "channel"
  | "publicUrl"
  | "visitors"
  | "accept"
  | "wasOffered"
  | "successor"
  | "announce"
  | "limits"
  | "desk"
>;

/** A visitor's messages: write one, read the history. */
export function messageRoutes(deps: MessageDeps): Router {
  const router = Router();

  router.post("/web/:channel/sessions/:session/messages", async (request, response) => {
    const channel = requireChannel(deps, request, response);
    const visitor = await requireVisitor(deps, channel, request);
    const session = await requireSession(deps, channel, visitor, request);
    const body = await readBody(request, messageSchema);
    requireRate(deps.limits.messagesPerVisitor, visitor.id, TOO_FAST);
    const message = await storeMessage(deps, { channel, visitor, session, body });
    deps.announce(message.sessionId);
    // 202: stored, and the answer follows on the event stream. `session_id` is another one where this had ended.
    response.status(202).json(messageObject(message));
  });

  router.get("/web/:channel/sessions/:session/messages", async (request, response) => {
    const channel = requireChannel(deps, request, response);
    const visitor = await requireVisitor(deps, channel, request);
    const session = await requireSession(deps, channel, visitor, request);
    const { after_seq: after, before_seq: before, limit } = readQuery(request, pageSchema);
    const page = { afterSeq: after ?? null, beforeSeq: before ?? null, limit };
    const { messages, more } = await deps.visitors.listMessages(session.id, page);
    const seqs = { from: messages[0]?.seq ?? 0, to: messages.at(-1)?.seq ?? 0 };
    const stopped = await deps.visitors.stoppedAnswers(session.id, seqs);
    response.setHeader("Cache-Control", "no-store");
    response.json({
      data: messages.map(messageObject),
      // Not messages: the bot does not know them, but whoever stopped it has read them.
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

/** Stores a message once, however often it is sent, in the session or in the one that follows a completed one. */
async function storeMessage(deps: MessageDeps, message: NewMessage): Promise<VisitorMessage> {
  const { channel, visitor, session, body } = message;
  const { content, payload } = body;
  if (payload !== undefined && !(await deps.wasOffered(session.id, { label: content, payload }))) {
    const reason = "No message of this session has such a button. Send the text without a payload.";
    throw new RequestError(422, "button_not_offered", reason);
  }
  const pressed = payload === undefined ? {} : { payload };
  const eventKey = `web:${visitor.id}:${body.client_message_id}`;
  const sentBefore = async () => (await deps.visitors.messageOfEvent(channel.ref.id, eventKey))?.id ?? null;
  const uploads = await uploadsOf(deps.desk, session.id, body.attachment_ids, sentBefore);
  const attempt = async (sessionId: string) => {
    const metadata = { client_message_id: body.client_message_id };
    return deps.accept(channel.ref, { sessionId, content, ...pressed, eventKey, metadata, uploads });
  };

  let stored = session.status === "active" ? await attempt(session.id) : null;
  if (stored === null || stored.outcome.kind === "session_closed") {
    // A repeated send whose first one was stored must not open a session that nothing is written in.
    const known = await repeated(deps, message, eventKey);
    if (known) return known;
    const successor = await deps.successor(session.id);
    if (successor === null) throw sessionNotFound();
    stored = await attempt(successor);
  }
  const { row, outcome } = stored;
  if (outcome.kind === "accepted") {
    const sent = await Promise.all(body.attachment_ids.map(deps.desk.find));
    return {
      id: row.messageId,
      sessionId: outcome.sessionId,
      seq: outcome.seq,
      role: "user",
      content: row.content,
      buttons: [],
      payload: outcome.payload,
      executionId: row.executionId,
      clientMessageId: body.client_message_id,
      attachments: sent.filter((file) => file !== null),
      createdAt: outcome.createdAt,
    };
  }
  const known = await repeated(deps, message, eventKey);
  if (known) return known;
  if (outcome.kind === "upload_taken") throw attachmentAlreadySent();
  throw new RequestError(503, "not_stored", "The message could not be stored. Send it again.", {
    headers: { "Retry-After": "1" },
  });
}

/** What an earlier send with this id was answered with; null: there was none. */
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
