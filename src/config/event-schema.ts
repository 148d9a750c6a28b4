import { z } from "zod";
import { buttonsSchema } from "../core/button-schema.ts";
import { DURATION_PATTERN } from "../core/duration.ts";

/** `30s`, `15m`, `2h`, `1d` as written. */
export const durationSchema = z
  .string()
  .regex(DURATION_PATTERN, "write a number and a unit: 30s, 15m, 2h or 1d")
  .describe("A time span: `30s`, `15m`, `2h`, `1d`.");

const prompt = z.string().min(1).describe("An instruction to the bot, which writes the message.");
const text = z.string().min(1).describe("The message itself, word for word.");

function exactlyOneText(action: { prompt?: string | undefined; text?: string | undefined }): boolean {
  return (action.prompt === undefined) !== (action.text === undefined);
}
const oneText = { error: "write either prompt or text", path: ["prompt"] };

const actionSchema = z.discriminatedUnion("action", [
  z.strictObject({ action: z.literal("log") }),
  z.strictObject({ action: z.literal("end_session") }),
  z.strictObject({ action: z.literal("summarize") }),
  z
    .strictObject({
      action: z.literal("send_message"),
      prompt: prompt.optional(),
      text: text.optional(),
      buttons: buttonsSchema.optional().describe("With `text`: what the user may press below it."),
    })
    .refine(exactlyOneText, oneText)
    .refine(({ buttons, text }) => buttons === undefined || text !== undefined, {
      error: "write buttons below a text; a bot that is prompted offers its own",
      path: ["buttons"],
    }),
  z.strictObject({
    action: z.literal("set_participant_data"),
    data: z.record(z.string(), z.json()).describe("Merged into the participant data (RFC 7396)."),
  }),
  z
    .strictObject({
      action: z.literal("schedule_message"),
      after: durationSchema,
      prompt: prompt.optional(),
      text: text.optional(),
    })
    .refine(exactlyOneText, oneText),
  z.strictObject({
    action: z.literal("webhook"),
    url: z.url({ protocol: /^https?$/ }).describe("What is told of it, by POST."),
    secret: z.string().min(1).optional().describe("Signs the request, as a webhook bot's is."),
    allowPrivateAddresses: z
      .boolean()
      .default(true)
      .describe("`false` refuses a URL that leads to this machine or a private network."),
  }),
  z.strictObject({
    action: z.literal("start_agent"),
    agent: z.string().min(1).describe("The agent that takes the conversation over."),
  }),
]);

const momentSchema = z.enum([
  "session_started",
  "user_joined",
  "user_message",
  "bot_message",
  "session_ended",
  "session_ended.user_reset",
  "session_ended.user",
  "session_ended.bot",
  "session_ended.api",
  "session_ended.event",
  "session_ended.operator",
  "session_ended.new_session",
  "session_ended.expired",
  "last_timeout",
  "delivery_failed",
]);
const actionsSchema = z.array(actionSchema).min(1).describe("What to do then, in this order.");

const conditionSchema = z
  .strictObject({
    channel: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .optional()
      .describe("The session's channel, or one of several."),
    metadata: z.record(z.string(), z.json()).optional().describe("In the session's metadata."),
    participantData: z.record(z.string(), z.json()).optional().describe("In the user's participant data."),
  })
  .describe("Fires only where the session has all of this: values are compared, objects may have more.");

const shared = {
  when: conditionSchema.optional(),
  attempts: z
    .int()
    .min(1)
    .max(20)
    .default(5)
    .describe("How often an action that fails is tried in all; each wait is twice the one before."),
  do: actionsSchema,
};

/** One rule of an agent: `on` says when, `do` says what. */
export const eventRuleSchema = z.discriminatedUnion("on", [
  z.strictObject({ on: momentSchema.describe("What happened."), ...shared }),
  z.strictObject({
    on: z.literal("timeout"),
    after: durationSchema,
    times: z.int().min(1).max(1000).default(1).describe("How often it fires while the silence lasts."),
    from: z
      .enum(["last_message", "first_message"])
      .default("last_message")
      .describe("What the time is counted from."),
    ...shared,
  }),
]);
