import { z } from "zod";
import type { OutboundAttachment } from "../../core/attachment.ts";
import { buttonsSchema } from "../../core/button-schema.ts";
import { BotError } from "../../core/errors.ts";
import type { BotResult } from "../bot.ts";

/** What an answer may come to; docs/webhook-bot.md says the same. */
export const LIMITS = {
  /** A JSON answer, or a whole stream, in bytes. */
  bytes: 5_000_000,
  messages: 20,
  /** One message, in characters. */
  messageCharacters: 100_000,
  /** One change of participant data, in bytes of JSON. */
  participantDataBytes: 65_536,
};

const count = z.int().min(0);

const attachmentsSchema = z
  .array(
    z.object({
      url: z.url({ protocol: /^https?$/ }).max(2_000),
      name: z.string().max(500).nullish(),
      content_type: z.string().max(200).nullish(),
    }),
  )
  .max(10);

export const messagesSchema = z
  .array(
    z.object({
      content: z.string().max(LIMITS.messageCharacters),
      buttons: buttonsSchema.nullish(),
      attachments: attachmentsSchema.nullish(),
    }),
  )
  .max(LIMITS.messages);

export const participantDataSchema = z
  .record(z.string(), z.json())
  .refine(
    (data) => Buffer.byteLength(JSON.stringify(data)) <= LIMITS.participantDataBytes,
    `has more than ${LIMITS.participantDataBytes} bytes`,
  );

export const usageSchema = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  total_tokens: count,
});

/** A JSON answer. Keys it does not know are left for later versions. */
export const answerSchema = z.object({
  messages: messagesSchema.default([]),
  no_reply: z.boolean().default(false),
  set_participant_data: participantDataSchema.nullish(),
  end_session: z.boolean().default(false),
  token_usage: usageSchema.nullish(),
});

export type Answer = z.output<typeof answerSchema>;

/** What the answer means to the turn. Throws where it means nothing. */
export function toResult(answer: Answer): BotResult {
  const replies = answer.messages.filter(
    ({ content, attachments }) => content.trim() !== "" || attachments?.length,
  );
  if (answer.messages.some(({ content, buttons }) => content.trim() === "" && buttons?.length)) {
    throw invalidAnswer("has buttons without a text above them");
  }
  if (answer.no_reply && replies.length > 0) {
    throw invalidAnswer("has both messages and no_reply");
  }
  const silent = answer.no_reply || (answer.end_session && replies.length === 0);
  if (replies.length === 0 && !silent) {
    const reason = 'the endpoint answered without a message: send one, or "no_reply": true to stay silent';
    throw new BotError("empty_reply", reason, { retryable: false });
  }
  return {
    replies: replies.map(({ content, buttons, attachments }) => ({
      content,
      ...(buttons?.length ? { buttons } : {}),
      ...(attachments?.length ? { attachments: attachments.map(toAttachment) } : {}),
    })),
    ...(silent && { silent }),
    ...(answer.set_participant_data && { participantData: answer.set_participant_data }),
    ...(answer.end_session && { endSession: true }),
    ...(answer.token_usage && { usage: answer.token_usage }),
  };
}

function toAttachment(file: z.output<typeof attachmentsSchema>[number]): OutboundAttachment {
  return { url: file.url, name: file.name ?? undefined, contentType: file.content_type ?? undefined };
}

/** Parses with a schema; what is wrong becomes the reason, with its path. */
export function parseAnswer<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String).join(".") ?? "";
  throw invalidAnswer(`${what}${path === "" ? "" : ` at ${path}`}: ${issue?.message}`);
}

/** Sending the same again would bring the same, so it is not asked again. */
export function invalidAnswer(what: string): BotError {
  return new BotError("invalid_answer", `the endpoint's answer cannot be used: ${what}`, {
    retryable: false,
  });
}
