import { z } from "zod";
import { durationMs } from "../core/time/duration.ts";
import { durationSchema } from "./event-schema.ts";

const MAX_WINDOW_DAYS = 31;

const limitSchema = z
  .strictObject({
    per: z
      .enum(["session", "user", "agent"])
      .describe("The scope of the limit. `user` means a user of one channel."),
    window: durationSchema
      .refine(
        (window) => durationMs(window) <= MAX_WINDOW_DAYS * 86_400_000,
        `write at most ${MAX_WINDOW_DAYS}d`,
      )
      .describe("The period after which counting starts again: `1h`, `1d`. A day begins at midnight UTC."),
    messages: z
      .int()
      .min(1)
      .optional()
      .describe("Maximum number of user messages that the bot answers in a window."),
    tokens: z
      .int()
      .min(1)
      .optional()
      .describe(
        "Maximum number of tokens in a window, including summaries. The turn that reaches it is still finished.",
      ),
  })
  .refine(
    ({ messages, tokens }) => messages !== undefined || tokens !== undefined,
    "write how many messages or tokens",
  );

/** The limits of an agent's use: `budgets`. */
export const budgetsSchema = z.strictObject({
  limits: z.array(limitSchema).max(20).default([]),
  reply: z
    .string()
    .default("You have reached the limit for now. Please try again later.")
    .describe("The message to the user instead of an answer. Empty: no message."),
});
