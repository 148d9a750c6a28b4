import { z } from "zod";
import { toAttachment } from "../attachments/attachment-rows.ts";
import type { Visitor } from "../core/session/visitor.ts";
import type { Prisma } from "../storage/generated/client.ts";
import type { PrismaModels } from "../storage/prisma.ts";
import {
  NOT_SHOWN,
  SHOWN_ROLES,
  toVisitorFeedback,
  toVisitorMessage,
  type VisitorMessage,
} from "./visitor-message.ts";

const ATTACHMENTS = {
  orderBy: [{ place: "asc" }, { id: "asc" }],
} satisfies Prisma.MessageInclude["attachments"];

/** The messages of sessions as their visitors read them. */
export function createVisitorMessages(prisma: PrismaModels) {
  return {
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

const logSchema = z
  .array(z.object({ type: z.string(), data: z.object({ content: z.string().optional() }).loose() }))
  .catch([]);

/** The text of a stored stream. */
function writtenIn(log: unknown): string {
  const entries = logSchema.parse(log);
  return entries.map(({ type, data }) => (type === "content" ? (data.content ?? "") : "")).join("");
}
