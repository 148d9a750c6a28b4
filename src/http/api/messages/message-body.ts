import { z } from "zod";
import { storedTraceparent } from "../../../core/trace/trace-ids.ts";
import { MOST_ATTACHMENTS } from "../../bodies/uploads.ts";
import type { NewMessage } from "./conversation.ts";

const contentSchema = z
  .string()
  .max(200_000)
  .describe("The user's text. On channels of kind `api`, `/reset` starts the session over");

const payloadSchema = z
  .string()
  .min(1)
  .max(10_000)
  .describe("The payload of a pressed button, as it was offered; `content` is its label");

/** The content of a message, in a body or a socket's frame: a text, files, or both. */
export const messageShape = {
  content: contentSchema.default(""),
  payload: payloadSchema.optional(),
  attachment_ids: z
    .array(z.string().min(1))
    .max(MOST_ATTACHMENTS)
    .optional()
    .describe("Files that were uploaded into this session; with some, the text may be empty"),
};

export function saysSomething(
  message: { content: string; attachment_ids?: string[] | undefined },
  context: z.core.$RefinementCtx,
): void {
  if (message.content.trim() !== "" || (message.attachment_ids ?? []).length > 0) return;
  context.addIssue({ code: "custom", path: ["content"], message: "expected some text" });
}

export const messageBodySchema = z.strictObject(messageShape).superRefine(saysSomething);

/** A received message, in the format of the conversation module. */
export function toNewMessage(
  { content, payload, attachment_ids }: Pick<z.output<typeof messageBodySchema>, keyof typeof messageShape>,
  key: string,
  traceparent?: string,
): NewMessage {
  const trace = storedTraceparent(traceparent);
  return { content, payload, attachmentIds: attachment_ids, key, traceparent: trace };
}
