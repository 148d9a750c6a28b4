import { z } from "zod";
import { buttonsSchema } from "../../core/message/button-schema.ts";

const milliseconds = z.int().min(0).max(600_000);

const toolStepSchema = z.strictObject({
  name: z.string().min(1).describe("Name of the step while it runs."),
  summary: z.string().default("").describe("Text when the step is done."),
  delayMs: milliseconds.default(0).describe("Duration of the step, in milliseconds."),
});

const lineSchema = z.strictObject({
  say: z.string().default("").describe("The reply. For no reply, leave it empty and set `silent`."),
  thinking: z.string().exactOptional().describe("Reasoning that is shown before the reply."),
  tools: z.array(toolStepSchema).default([]).describe("Steps that look like tool calls, in order."),
  delayMs: milliseconds.default(0).describe("Wait before the first output, in milliseconds."),
  wordDelayMs: milliseconds.default(0).describe("Wait between the words of the reply, in milliseconds."),
  buttons: buttonsSchema.default([]).describe("Buttons below the reply."),
  attachments: z
    .array(z.strictObject({ url: z.url({ protocol: /^https?$/ }), name: z.string().min(1).exactOptional() }))
    .default([])
    .describe("Addresses of files to send with the reply."),
  silent: z.boolean().default(false).describe("Sends no reply."),
  fail: z
    .strictObject({
      code: z.string().min(1).default("script_failed"),
      reason: z.string().min(1).default("the script says so"),
      retryable: z.boolean().default(false),
    })
    .exactOptional()
    .describe("Fails instead of answering, after the delay and the steps."),
  participantData: z
    .record(z.string(), z.json())
    .exactOptional()
    .describe("Merged into the participant data (RFC 7396)."),
  handoff: z
    .strictObject({ reason: z.string().min(1).exactOptional() })
    .exactOptional()
    .describe("Asks for a person with this reply."),
  endSession: z.boolean().default(false).describe("Ends the session with this reply."),
});

/** One scripted reply with its delays and steps. */
export type ScriptLine = z.output<typeof lineSchema>;

export const configSchema = z.strictObject({
  replies: z
    .array(
      lineSchema.extend({
        match: z
          .string()
          .min(1)
          .describe(
            "Part of the message or of the pressed button's payload. Upper and lower case are equal.",
          ),
      }),
    )
    .default([])
    .describe("Checked first. The first line whose `match` occurs in the message answers."),
  sequence: z
    .array(lineSchema)
    .default([])
    .describe("Replies to messages without a match, one after another. The last one repeats."),
});

export type ScriptConfig = z.output<typeof configSchema>;
