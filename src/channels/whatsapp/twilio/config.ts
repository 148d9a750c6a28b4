import { z } from "zod";

const authTokenSchema = z
  .string()
  .regex(/^\S+$/, "is not an auth token; copy it from the first page of the Twilio console");

/** What a WhatsApp channel through Twilio is configured with. */
export const twilioConfigSchema = z.strictObject({
  provider: z.literal("twilio").default("twilio").describe("Who connects to WhatsApp."),
  accountSid: z
    .string()
    .regex(/^AC[\w-]+$/, "is not an account SID: those begin with AC")
    .describe("The account's SID, from the first page of the Twilio console."),
  authToken: authTokenSchema.describe(
    "The account's primary auth token: sends messages and proves that a request is Twilio's.",
  ),
  secondaryAuthToken: authTokenSchema
    .optional()
    .describe("A second token whose signatures count too, while the auth token is being exchanged."),
  from: z
    .string()
    .regex(/^whatsapp:\S{1,190}$/, "must be the WhatsApp sender, such as whatsapp:+14155238886")
    .describe("The sender that users write to, such as `whatsapp:+14155238886`."),
  apiBaseUrl: z
    .url({ protocol: /^https?$/, error: "must be a URL such as https://api.twilio.com" })
    .default("https://api.twilio.com")
    .describe("Where the REST API is: Twilio's own or a proxy."),
  template: z
    .strictObject({
      contentSid: z
        .string()
        .regex(/^HX[\w-]+$/, "is not a content SID: those begin with HX")
        .describe("The approved template's SID, from the Content Template Builder."),
      variables: z
        .record(z.string(), z.string())
        .default({})
        .describe('What its placeholders are filled with, such as `{ "1": "your coach" }`.'),
    })
    .optional()
    .describe("Sent instead of a reply to whoever has not written for 24 hours; without it the reply fails."),
});

export type TwilioConfig = z.infer<typeof twilioConfigSchema>;
export type TwilioTemplate = NonNullable<TwilioConfig["template"]>;
