import { z } from "zod";
import { contextFields } from "../../../core/message/message-context.ts";
import { type MessageFeedback, RATINGS } from "../../../core/message/rating.ts";
import type { MessageView } from "../../../sessions/message-queries-repository.ts";
import { attachmentSchema, toAttachmentObject } from "../attachments/attachment-resource.ts";
import { openHandoffSchema } from "../handoffs/handoff-resource.ts";
import { idSchema, jsonObjectSchema, timestampSchema } from "../route/wire-schemas.ts";

const ORIGINS = ["user", "bot", "operator", "instruction", "command", "notice", "tool", "seed"] as const;

export const tokenUsageSchema = z
  .object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() })
  .meta({ id: "TokenUsage" });

/** A button in the API's format. */
export const buttonSchema = z
  .object({
    label: z.string().describe("Its text"),
    payload: z.string().describe("The value that a press sends: send it with the label as `content`"),
    url: z.string().exactOptional().describe("Opens this page instead; such a button never comes back"),
  })
  .meta({ id: "Button" });

/** A message that another one refers to, in the API's format. */
const referenceShape = {
  message_id: idSchema.nullable().describe("Our id of the message, if it is one of this conversation"),
  author: z.string().nullable().describe("Its author, by the platform's name for them"),
  text: z.string().nullable().describe("An excerpt of its words"),
};

const referenceSchema = z
  .object({ kind: z.enum(["thread", "forward", "quote", "reply"]), ...referenceShape })
  .meta({ id: "MessageReference" });

/** The author, time and references of a message, in the API's format. */
const contextShape = {
  author: z
    .union([
      z.object({ identifier: z.string(), name: z.string().nullable(), via: z.string().exactOptional() }),
      z.object({ name: z.string(), via: z.string() }),
    ])
    .nullable()
    .describe(
      "Its author, in a conversation with several people. For a message of a person who answers: their name, and the way (`via`) by which they answered",
    ),
  sent_at: timestampSchema.nullable().describe("When the user wrote it, by the platform's clock"),
  reply_to: z.object(referenceShape).nullable().describe("The newest message that it replies to or quotes"),
  forwarded_from: z.string().nullable().describe("By whom the words are that were forwarded in it"),
  references: z.array(referenceSchema).describe("All messages that it points at, nearest last"),
};

/** A rating of a message, in the API's format. */
export const feedbackSchema = z
  .object({
    rating: z.enum(RATINGS),
    comment: z.string().nullable(),
    user: z
      .object({ identifier: z.string(), name: z.string().nullable() })
      .nullable()
      .describe("The person who rated it. Null: nobody was named, and the session has no user"),
    via: z.string().describe("`api`, or the kind of the channel where they pressed"),
    created_at: timestampSchema,
    updated_at: timestampSchema,
  })
  .meta({ id: "Feedback" });

/** A message in the API's format. */
export const messageSchema = z
  .object({
    id: idSchema,
    session_id: idSchema,
    seq: z.int().describe("Order within the session; messages of the agent itself (`seed`) have 0 and below"),
    role: z.enum(["system", "user", "assistant", "tool"]),
    origin: z.enum(ORIGINS).describe("The source of the message"),
    content: z.string(),
    attachments: z.array(attachmentSchema).describe("Its files; empty for most"),
    buttons: z
      .array(buttonSchema)
      .describe("The buttons that the user may press instead of writing; empty for most"),
    payload: z
      .string()
      .nullable()
      .describe("On a user's message: the payload of the button that they pressed or chose"),
    metadata: jsonObjectSchema,
    execution_id: idSchema.nullable().describe("The turn that answers it, or that it answers in"),
    user_message_id: idSchema.nullable().describe("On an answer: the message it answers"),
    token_usage: tokenUsageSchema.nullable().describe("On an answer, where the bot counted"),
    feedback: z.array(feedbackSchema).describe("On what the bot said: its ratings; empty for most"),
    ...contextShape,
    created_at: timestampSchema,
  })
  .meta({ id: "Message" });

/** The answer to a sent message: the bot's reply, as the stored message. */
export const answerSchema = z
  .object({
    ...messageSchema.shape,
    id: idSchema.nullable().describe("Null where the bot chose to say nothing"),
    seq: z.int().nullable(),
    session_id: idSchema.describe("Another one than requested if that was completed, or reset"),
    earlier_messages: z
      .array(messageSchema)
      .describe("Messages of the bot before it in the same turn; empty for most"),
    handoff: openHandoffSchema
      .nullable()
      .exactOptional()
      .describe("Only while a person answers: the message is stored, and the bot does not reply"),
  })
  .meta({ id: "Answer" });

export function toMessage(view: MessageView): z.output<typeof messageSchema> {
  return {
    id: view.id,
    session_id: view.sessionId,
    seq: view.seq,
    role: view.role,
    origin: ORIGINS.find((origin) => origin === view.origin) ?? "bot",
    content: view.content,
    attachments: view.attachments.map(toAttachmentObject),
    buttons: view.buttons,
    payload: view.payload,
    metadata: view.metadata,
    execution_id: view.executionId,
    user_message_id: view.userMessageId,
    token_usage: view.tokenUsage && {
      prompt_tokens: view.tokenUsage.prompt,
      completion_tokens: view.tokenUsage.completion,
      total_tokens: view.tokenUsage.total,
    },
    feedback: view.feedback.map(toFeedbackObject),
    ...contextFields(view.context),
    ...(view.person && { author: view.person }),
    created_at: view.createdAt.toISOString(),
  };
}

export function toFeedbackObject(given: MessageFeedback): z.output<typeof feedbackSchema> {
  const { rating, comment, user, via, createdAt, updatedAt } = given;
  return {
    rating,
    comment,
    user,
    via,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  };
}
