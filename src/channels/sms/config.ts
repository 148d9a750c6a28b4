import { z } from "zod";
import { refineAlways } from "../../core/refine-always.ts";
import { wordListSchema } from "../kit/word-list.ts";
import { twilioAccountShape, twilioApiBaseUrlSchema } from "../twilio/config.ts";
import { RCS } from "./address.ts";

/** Words of this kind, each as a whole message. */
const wordsSchema = (words: readonly string[], meaning: string) =>
  wordListSchema(words, `A message that is nothing but one of these words, in any case, ${meaning}`);

const rcsSchema = z
  .strictObject({
    sender: z
      .string()
      .regex(/^rcs:[\w.-]+$/, "must be the RCS sender's id, such as rcs:acme_agent")
      .describe("The RCS sender that users write to, such as `rcs:acme_agent`."),
    messagingServiceSid: z
      .string()
      .regex(/^MG\w+$/, "is not the SID of a Messaging Service: those begin with MG")
      .describe("The Messaging Service with this sender and the number. It sends by RCS where it can."),
  })
  .describe(
    "Sends by RCS, and by SMS from the number `from` to phones without RCS. A user is the same person in both.",
  );

/** An SMS channel in the configuration file, without the keys that all channels have. */
export const smsConfigSchema = z
  .strictObject({
    ...twilioAccountShape,
    from: z
      .string()
      .regex(
        /^(\+[1-9]\d{6,14}|\d{3,8}|rcs:[\w.-]+)$/,
        "must be a number such as +14155238886, a short code, or an RCS sender such as rcs:acme_agent",
      )
      .describe(
        "The number that users write to, such as `+14155238886`, or a short code. An RCS sender (`rcs:acme_agent`) sends by RCS alone.",
      ),
    rcs: rcsSchema.optional(),
    apiBaseUrl: twilioApiBaseUrlSchema,
    // Twilio blocks sends to whoever wrote one of these, so the bot could not answer them anyway.
    optOutWords: wordsSchema(
      ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"],
      "gets no answer, and its sender counts as out of reach until they write again.",
    ),
    optInWords: wordsSchema(["START", "UNSTOP"], "ends an opt-out. The bot is not asked."),
    helpWords: wordsSchema(["HELP", "INFO"], "is answered by Twilio. The bot is not asked."),
  })
  .refine(({ from, rcs }) => rcs === undefined || !String(from).startsWith(RCS), {
    path: ["from"],
    error: "must be the number that sends to phones without RCS; to send by RCS alone, leave `rcs` out",
    when: refineAlways,
  });

export type SmsConfig = z.infer<typeof smsConfigSchema>;
