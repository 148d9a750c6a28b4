import { z } from "zod";

const authTokenSchema = z
  .string()
  .regex(/^\S+$/, "is not an auth token; copy it from the first page of the Twilio console");

/** Words of this kind, each as a whole message. */
const wordsSchema = (words: readonly string[], meaning: string) =>
  z
    .array(z.string().trim().min(1, "must not be empty").max(40))
    .default([...words])
    .describe(`A message that is nothing but one of these words, in any case, ${meaning} \`[]\`: no words.`);

/** An SMS channel in the configuration file, without the keys that all channels have. */
export const smsConfigSchema = z.strictObject({
  accountSid: z
    .string()
    .regex(/^AC[\w-]+$/, "is not an account SID: those begin with AC")
    .describe("The account's SID, from the first page of the Twilio console."),
  authToken: authTokenSchema.describe(
    "The account's primary auth token. It sends messages and proves that a request comes from Twilio.",
  ),
  secondaryAuthToken: authTokenSchema
    .optional()
    .describe("A second token with valid signatures, for the time in which you change the auth token."),
  from: z
    .string()
    .regex(/^(\+[1-9]\d{6,14}|\d{3,8})$/, "must be a number such as +14155238886, or a short code")
    .describe("The number that users write to, such as `+14155238886`, or a short code."),
  apiBaseUrl: z
    .url({ protocol: /^https?$/, error: "must be a URL such as https://api.twilio.com" })
    .default("https://api.twilio.com")
    .describe("Address of the REST API: Twilio's own or a proxy."),
  // Twilio blocks sends to whoever wrote one of these, so the bot could not answer them anyway.
  optOutWords: wordsSchema(
    ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"],
    "gets no answer, and its sender counts as out of reach until they write again.",
  ),
  optInWords: wordsSchema(["START", "UNSTOP"], "ends an opt-out. The bot is not asked."),
  helpWords: wordsSchema(["HELP", "INFO"], "is answered by Twilio. The bot is not asked."),
});

export type SmsConfig = z.infer<typeof smsConfigSchema>;
