import { z } from "zod";
import { wordListSchema } from "../kit/word-list.ts";
import { twilioAccountShape, twilioApiBaseUrlSchema } from "../twilio/config.ts";

/** Words of this kind, each as a whole message. */
const wordsSchema = (words: readonly string[], meaning: string) =>
  wordListSchema(words, `A message that is nothing but one of these words, in any case, ${meaning}`);

/** An SMS channel in the configuration file, without the keys that all channels have. */
export const smsConfigSchema = z.strictObject({
  ...twilioAccountShape,
  from: z
    .string()
    .regex(/^(\+[1-9]\d{6,14}|\d{3,8})$/, "must be a number such as +14155238886, or a short code")
    .describe("The number that users write to, such as `+14155238886`, or a short code."),
  apiBaseUrl: twilioApiBaseUrlSchema,
  // Twilio blocks sends to whoever wrote one of these, so the bot could not answer them anyway.
  optOutWords: wordsSchema(
    ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"],
    "gets no answer, and its sender counts as out of reach until they write again.",
  ),
  optInWords: wordsSchema(["START", "UNSTOP"], "ends an opt-out. The bot is not asked."),
  helpWords: wordsSchema(["HELP", "INFO"], "is answered by Twilio. The bot is not asked."),
});

export type SmsConfig = z.infer<typeof smsConfigSchema>;
