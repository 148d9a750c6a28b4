import { z } from "zod";
import { toAttachment } from "../attachments/attachment-rows.ts";
import { newId } from "../core/ids.ts";
import type { AttachmentView } from "../core/message/attachment.ts";
import { type Button, readButtons } from "../core/message/button.ts";
import { RATINGS, type Rating } from "../core/message/rating.ts";
import type { ChannelRef } from "../core/session/runtime.ts";
import type { Visitor, VisitorPass } from "../core/session/visitor.ts";
import type { Prisma } from "../storage/generated/client.ts";
import { jsonObject } from "../storage/json-column.ts";
import type { PrismaModels } from "../storage/prisma.ts";

/** A session as its visitor sees it. */
export interface VisitorSession {
  id: string;
  agentId: string;
  agentVersion: number;
  status: string;
  endReason: string | null;
  title: string | null;
  createdAt: Date;
  lastActivityAt: Date;
  endedAt: Date | null;
}

/** A message as its visitor sees it. */
export interface VisitorMessage {
  id: string;
  sessionId: string;
  seq: number;
  role: "user" | "assistant";
  content: string;
  /** `text`: shown as written. Null: Markdown. */
  format: "text" | null;
  /** The buttons of the message; empty for most messages. */
  buttons: Button[];
  /** The payload of the button that the visitor pressed or chose. */
  payload: string | null;
  executionId: string | null;
  clientMessageId: string | null;
  attachments: AttachmentView[];
  /** The visitor's own rating; null if there is none. */
  feedback: VisitorFeedback | null;
  createdAt: Date;
}

export interface VisitorFeedback {
  rating: Rating;
  comment: string | null;
}

export type VisitorRepository = ReturnType<typeof createVisitorRepository>;

const SESSION = {
  id: true,
  agentId: true,
  agentVersion: true,
  status: true,
  endReason: true,
  title: true,
  createdAt: true,
  lastActivityAt: true,
  endedAt: true,
} satisfies Prisma.SessionSelect;

const VISITOR = { id: true, identifier: true, name: true, anonymous: true } satisfies Prisma.UserSelect;

const ATTACHMENTS = {
  orderBy: [{ place: "asc" }, { id: "asc" }],
} satisfies Prisma.MessageInclude["attachments"];

/** The roles that visitors see. They see no tool output, and no instructions to the bot from any writer. */
export const SHOWN_ROLES = ["user", "assistant"] as const;
export const NOT_SHOWN = "instruction";

/** The rows of visitors. Each query is limited to one channel and one visitor. */
export function createVisitorRepository(prisma: PrismaModels) {
  /** The rest of the profile stays: a site or a caller of the API may have said more about them. */
  async function keepLanguage(id: string, profile: Prisma.JsonValue, language: string | null): Promise<void> {
    const known = jsonObject(profile);
    if (language === null || known.locale === language) return;
    const changed: Prisma.InputJsonObject = { ...known, locale: language };
    await prisma.user.update({ where: { id }, data: { profile: changed } });
  }

  return {
    /**
     * Creates the visitor of an issued visitor token, or finds the existing one. It is no upsert, because Prisma runs
     * some upserts in a transaction. The failure of such a transaction does not tell that the database is away.
     */
    async admit(channel: ChannelRef, pass: VisitorPass, language: string | null): Promise<Visitor> {
      const { identifier, name, anonymous } = pass;
      const where = { channelId_identifier: { channelId: channel.id, identifier } };
      const find = () => prisma.user.findUnique({ where, select: { ...VISITOR, profile: true } });
      let known = await find();
      if (known === null) {
        const { id: channelId, workspaceId } = channel;
        const user = { id: newId(), workspaceId, channelId, identifier, name, anonymous };
        await prisma.user.createMany({ data: [user], skipDuplicates: true });
        known = await find();
      }
      if (known === null) throw new Error("a visitor was erased while they were admitted");
      const { profile, ...visitor } = known;
      await keepLanguage(visitor.id, profile, language);
      if (name === null || name === visitor.name) return visitor;
      await prisma.user.update({ where: { id: visitor.id }, data: { name, updatedAt: new Date() } });
      return { ...visitor, name };
    },

    async find(channelId: string, identifier: string): Promise<Visitor | null> {
      return prisma.user.findUnique({
        where: { channelId_identifier: { channelId, identifier } },
        select: VISITOR,
      });
    },

    /** @param language the browser's language now; null if it names none. */
    async openSession(
      channel: ChannelRef,
      visitorId: string,
      language: string | null,
    ): Promise<VisitorSession> {
      if (language !== null) {
        const known = await prisma.user.findUnique({ where: { id: visitorId }, select: { profile: true } });
        if (known) await keepLanguage(visitorId, known.profile, language);
      }
      return prisma.session.create({ data: newSession(channel, visitorId), select: SESSION });
    },

    /** Also null for another visitor's session, so that it looks like one that does not exist. */
    async findSession(
      channelId: string,
      visitorId: string,
      sessionId: string,
    ): Promise<VisitorSession | null> {
      return prisma.session.findFirst({
        where: { id: sessionId, channelId, userId: visitorId },
        select: SESSION,
      });
    },

    /** In ascending order of seq: the messages after `afterSeq`, or the newest ones before `beforeSeq`. */
    async listMessages(
      { sessionId, visitor }: { sessionId: string; visitor: Visitor },
      page: { afterSeq: number | null; beforeSeq: number | null; limit: number },
    ): Promise<{ messages: VisitorMessage[]; more: boolean }> {
      const forward = page.afterSeq !== null;
      const rows = await prisma.message.findMany({
        where: {
          sessionId,
          role: { in: [...SHOWN_ROLES] },
          origin: { not: NOT_SHOWN },
          seq: {
            ...(page.afterSeq === null ? {} : { gt: page.afterSeq }),
            ...(page.beforeSeq === null ? {} : { lt: page.beforeSeq }),
          },
        },
        orderBy: { seq: forward ? "asc" : "desc" },
        take: page.limit + 1,
        include: { attachments: ATTACHMENTS, ratings: { where: { rater: visitor.identifier } } },
      });
      const messages = rows.slice(0, page.limit).map(fromPrisma);
      return { messages: forward ? messages : messages.reverse(), more: rows.length > page.limit };
    },

    async findMessage(id: string, visitor: Visitor): Promise<VisitorMessage | null> {
      const row = await prisma.message.findUnique({
        where: { id },
        include: { attachments: ATTACHMENTS, ratings: { where: { rater: visitor.identifier } } },
      });
      return row && fromPrisma(row);
    },

    /**
     * The bot's text for these messages at the moment when somebody stopped the answer. It is not part of the history.
     */
    async stoppedAnswers(
      sessionId: string,
      seqs: { from: number; to: number },
    ): Promise<{ executionId: string; content: string }[]> {
      const rows = await prisma.execution.findMany({
        where: {
          sessionId,
          seq: { gte: seqs.from, lte: seqs.to },
          status: "cancelled",
          errorCode: "cancelled",
        },
        orderBy: { seq: "asc" },
        select: { id: true, log: true },
      });
      const answers = rows.map(({ id, log }) => ({ executionId: id, content: writtenIn(log) }));
      return answers.filter(({ content }) => content !== "");
    },

    /** The stored message, as the answer to a repeated send. Null: the event key is unknown. */
    async messageOfEvent(channelId: string, eventKey: string): Promise<VisitorMessage | null> {
      const event = await prisma.inboundEvent.findUnique({
        where: { channelId_eventKey: { channelId, eventKey } },
        select: { messageId: true },
      });
      const row =
        event &&
        (await prisma.message.findUnique({
          where: { id: event.messageId },
          include: { attachments: ATTACHMENTS },
        }));
      return row ? fromPrisma(row) : null;
    },
  };
}

function newSession(channel: ChannelRef, visitorId: string) {
  return {
    id: newId(),
    workspaceId: channel.workspaceId,
    agentId: channel.agentId,
    agentVersion: channel.agentVersion,
    channelId: channel.id,
    userId: visitorId,
    single: false,
  };
}

type MessageWithAttachments = Prisma.MessageGetPayload<{ include: { attachments: true } }>;
type MessageWithRatings = MessageWithAttachments & {
  ratings?: { rating: string | null; comment: string | null }[];
};

function fromPrisma(row: MessageWithRatings): VisitorMessage {
  const attachments = row.attachments.map((file) =>
    toAttachment({
      ...file,
      content_type: file.contentType,
      source_url: file.sourceUrl,
      bytes: file.bytes === null ? null : Number(file.bytes),
    }),
  );
  const rated = row.ratings?.[0];
  return toVisitorMessage({
    ...row,
    attachments,
    feedback: toVisitorFeedback(rated?.rating ?? null, rated?.comment ?? null),
  });
}

export function toVisitorFeedback(rating: string | null, comment: string | null): VisitorFeedback | null {
  const known = RATINGS.find((each) => each === rating);
  return known === undefined ? null : { rating: known, comment };
}

interface MessageRow {
  id: string;
  sessionId: string;
  seq: number;
  role: string;
  content: string;
  format: string | null;
  buttons: unknown;
  payload: string | null;
  metadata: unknown;
  executionId: string | null;
  createdAt: Date;
  attachments: AttachmentView[];
  feedback: VisitorFeedback | null;
}

export function toVisitorMessage(row: MessageRow): VisitorMessage {
  const { id, sessionId, seq, content, payload, metadata, executionId, createdAt } = row;
  const sent = typeof metadata === "object" && metadata !== null && "client_message_id" in metadata;
  return {
    id,
    sessionId,
    seq,
    role: row.role === "user" ? "user" : "assistant",
    content,
    format: row.format === "text" ? "text" : null,
    buttons: readButtons(row.buttons),
    payload,
    executionId,
    clientMessageId:
      sent && typeof metadata.client_message_id === "string" ? metadata.client_message_id : null,
    attachments: row.attachments,
    feedback: row.feedback,
    createdAt,
  };
}

const logSchema = z
  .array(z.object({ type: z.string(), data: z.object({ content: z.string().optional() }).loose() }))
  .catch([]);

/** The text of a stored stream. */
function writtenIn(log: unknown): string {
  const entries = logSchema.parse(log);
  return entries.map(({ type, data }) => (type === "content" ? (data.content ?? "") : "")).join("");
}
