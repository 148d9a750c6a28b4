import { z } from "zod";
import type { MessageView } from "../../sessions/message-queries-repository.ts";
import { attachmentSchema, toAttachmentObject } from "./attachment-resource.ts";
import { idSchema, jsonObjectSchema, timestampSchema } from "./wire-schemas.ts";

const ORIGINS = ["user", "bot", "operator", "instruction", "command", "notice", "tool", "seed"] as const;

export const tokenUsageSchema = z
  .object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() })
  .meta({ id: "TokenUsage" });

/** A button as it travels. */
export const buttonSchema = z
  .object({
    label: z.string().describe("What it says"),
    payload: z.string().describe("What a press carries: send it with the label as `content`"),
    url: z.string().exactOptional().describe("Opens this page instead; such a button never comes back"),
  })
  .meta({ id: "Button" });

/** A message as it travels. */
export const messageSchema = z
  .object({
    id: idSchema,
    session_id: idSchema,
    seq: z
      .int()
      .describe("Order within the session; messages of the agent itself (`seed`) stand at 0 and below"),
    role: z.enum(["system", "user", "assistant", "tool"]),
    origin: z.enum(ORIGINS).describe("Who or what wrote it"),
    content: z.string(),
    attachments: z.array(attachmentSchema).describe("Its files; empty for most"),
    buttons: z.array(buttonSchema).describe("What the user may press instead of writing; empty for most"),
    payload: z
      .string()
      .nullable()
      .describe("On what a user said: what the button carries that they pressed or chose"),
    metadata: jsonObjectSchema,
    execution_id: idSchema.nullable().describe("The turn that answers it, or that it answers in"),
    user_message_id: idSchema.nullable().describe("On an answer: the message it answers"),
    token_usage: tokenUsageSchema.nullable().describe("On an answer, where the bot counted"),
    created_at: timestampSchema,
  })
  .meta({ id: "Message" });

/** What sending a message is answered with: what the bot said, as the message it is kept as. */
export const answerSchema = z
  .object({
    ...messageSchema.shape,
    id: idSchema.nullable().describe("Null where the bot chose to say nothing"),
    seq: z.int().nullable(),
    session_id: idSchema.describe("Another one than asked for where that was completed, or reset"),
    earlier_messages: z
      .array(messageSchema)
      .describe("What the bot said before it in the same turn; empty for most"),
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
    created_at: view.createdAt.toISOString(),
  };
}
