import { z } from "zod";
import { buttonsSchema } from "../../core/button-schema.ts";

const milliseconds = z.int().min(0).max(600_000);

const toolStepSchema = z.strictObject({
  name: z.string().min(1).describe("What the step is called while it runs."),
  summary: z.string().default("").describe("What is shown when it is done."),
  delayMs: milliseconds.default(0).describe("How long it takes, in milliseconds."),
});

const lineSchema = z.strictObject({
  say: z.string().default("").describe("The reply. Empty, with `silent`, for none."),
  thinking: z.string().exactOptional().describe("Shown as reasoning before the reply."),
  tools: z.array(toolStepSchema).default([]).describe("Steps that look like tool calls, in order."),
  delayMs: milliseconds.default(0).describe("Wait before anything is shown, in milliseconds."),
  wordDelayMs: milliseconds.default(0).describe("Wait between the words of the reply, in milliseconds."),
  buttons: buttonsSchema.default([]).describe("What the user may press below the reply."),
  attachments: z
    .array(z.strictObject({ url: z.url({ protocol: /^https?$/ }), name: z.string().min(1).exactOptional() }))
    .default([])
    .describe("Files that go with the reply, by their addresses."),
  silent: z.boolean().default(false).describe("Answers nothing, on purpose."),
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
  endSession: z.boolean().default(false).describe("Ends the session with this reply."),
});

/** One scripted reply and what happens on the way to it. */
export type ScriptLine = z.output<typeof lineSchema>;

export const configSchema = z.strictObject({
  replies: z
    .array(
      lineSchema.extend({
        match: z.string().min(1).describe("Part of the message, or of what was pressed, in any case."),
      }),
    )
    .default([])
    .describe("Asked first: the first one whose `match` occurs in the message answers."),
  sequence: z
    .array(lineSchema)
    .default([])
    .describe("What is said to messages that match nothing, one after the other; the last one stays."),
});

export type ScriptConfig = z.output<typeof configSchema>;
