import { z } from "zod";
import { buttonsSchema } from "../core/message/button-schema.ts";
import { someText } from "../core/message/some-text.ts";
import { DURATION_PATTERN } from "../core/time/duration.ts";

/** A duration as text: `30s`, `15m`, `2h`, `1d`. */
export const durationSchema = z
  .string()
  .regex(DURATION_PATTERN, "write a number and a unit: 30s, 15m, 2h or 1d")
  .describe("A time span: `30s`, `15m`, `2h`, `1d`.");

const prompt = someText.describe("An instruction to the bot, which then writes the message.");
const text = someText.describe("The text of the message, sent unchanged.");
const format = z
  .literal("markdown")
  .optional()
  .describe("With `text`: show it as the platform shows Markdown. Default: sent unchanged.");

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
      format,
      buttons: buttonsSchema.optional().describe("With `text`: buttons below the message."),
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
      format,
    })
    .refine(exactlyOneText, oneText),
  z.strictObject({
    action: z.literal("webhook"),
    url: z.url({ protocol: /^https?$/ }).describe("The address that gets a POST request about the event."),
    secret: z
      .string()
      .min(1)
      .optional()
      .describe("Signs the request, in the same way as requests to a webhook bot."),
    allowPrivateAddresses: z
      .boolean()
      .default(true)
      .describe("`false` refuses a URL of this machine or of a private network."),
  }),
  z.strictObject({
    action: z.literal("handoff"),
    reason: z.string().min(1).max(2000).optional().describe("Why a person is needed."),
    desk: z.string().min(1).optional().describe("One of `desks`. Default: the agent's `handoff.desk`."),
  }),
  z.strictObject({
    action: z.literal("start_agent"),
    agent: z.string().min(1).describe("The agent that takes over the conversation."),
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
  "handoff_requested",
  "handoff_taken",
  "handoff_released",
]);
const actionsSchema = z.array(actionSchema).min(1).describe("The actions to run, in this order.");

const conditionSchema = z
  .strictObject({
    channel: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .optional()
      .describe("The session's channel. A list allows any of its channels."),
    metadata: z.record(z.string(), z.json()).optional().describe("Values in the session's metadata."),
    participantData: z
      .record(z.string(), z.json())
      .optional()
      .describe("Values in the user's participant data."),
  })
  .describe("The rule fires only if the session has all these values. Objects may have more keys.");

const shared = {
  when: conditionSchema.optional(),
  attempts: z
    .int()
    .min(1)
    .max(20)
    .default(5)
    .describe("Maximum number of attempts for an action. Each wait is twice as long as the one before."),
  do: actionsSchema,
};

/** One event rule of an agent: `on` names the event, and `do` lists the actions. */
export const eventRuleSchema = z.discriminatedUnion("on", [
  z.strictObject({ on: momentSchema.describe("The event."), ...shared }),
  z.strictObject({
    on: z.literal("timeout"),
    after: durationSchema,
    times: z
      .int()
      .min(1)
      .max(1000)
      .default(1)
      .describe("Maximum number of times that the rule fires during one silence."),
    from: z
      .enum(["last_message", "first_message"])
      .default("last_message")
      .describe("The message from which the time counts."),
    ...shared,
  }),
]);
