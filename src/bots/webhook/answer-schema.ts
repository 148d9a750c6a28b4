import { z } from "zod";
import { BotError } from "../../core/faults/errors.ts";
import type { OutboundAttachment } from "../../core/message/attachment.ts";
import { buttonsSchema } from "../../core/message/button-schema.ts";
import type { BotResult } from "../bot.ts";

/** Maximum sizes of an answer; docs/webhook-bot.md lists the same values. */
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

/** Asks for a person. */
export const handoffSchema = z.object({ reason: z.string().max(2_000).nullish() });

export const usageSchema = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  total_tokens: count,
});

/** Models use many words for it. Only one of them matters here: that a limit cut the answer short. */
export const finishReasonSchema = z.string().max(100);

/** A JSON answer. Unknown keys are ignored, because later versions may add them. */
export const answerSchema = z.object({
  messages: messagesSchema.default([]),
  no_reply: z.boolean().default(false),
  set_participant_data: participantDataSchema.nullish(),
  end_session: z.boolean().default(false),
  handoff: handoffSchema.nullish(),
  token_usage: usageSchema.nullish(),
  finish_reason: finishReasonSchema.nullish(),
});

export type Answer = z.output<typeof answerSchema>;

/** Converts the answer to the turn's result. Throws if the answer is not valid. */
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
  if (answer.end_session && answer.handoff) throw invalidAnswer("has both end_session and handoff");
  const leaves = answer.end_session || answer.handoff;
  const silent = answer.no_reply || (Boolean(leaves) && replies.length === 0);
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
    ...(answer.handoff && { handoff: { reason: answer.handoff.reason?.trim() || null } }),
    ...(answer.token_usage && { usage: answer.token_usage }),
    ...(answer.finish_reason && { finishReason: answer.finish_reason === "length" ? "length" : "stop" }),
  };
}

function toAttachment(file: z.output<typeof attachmentsSchema>[number]): OutboundAttachment {
  return { url: file.url, name: file.name ?? undefined, contentType: file.content_type ?? undefined };
}

/** Parses a value with a schema. The error message contains the problem and its path. */
export function parseAnswer<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String).join(".") ?? "";
  throw invalidAnswer(`${what}${path === "" ? "" : ` at ${path}`}: ${issue?.message}`);
}

/** The same request would get the same answer, so it is not retried. */
export function invalidAnswer(what: string): BotError {
  return new BotError("invalid_answer", `the endpoint's answer cannot be used: ${what}`, {
    retryable: false,
  });
}
