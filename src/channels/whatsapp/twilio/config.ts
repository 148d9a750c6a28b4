import { z } from "zod";
import { optOutWordsSchema } from "../opt-out.ts";
import { TEMPLATE, templateCategorySchema } from "../template.ts";

const authTokenSchema = z
  .string()
  .regex(/^\S+$/, "is not an auth token; copy it from the first page of the Twilio console");

/** The configuration of a WhatsApp channel through Twilio. */
export const twilioConfigSchema = z.strictObject({
  provider: z.literal("twilio").default("twilio").describe("The service that connects to WhatsApp."),
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
    .regex(/^whatsapp:\S{1,190}$/, "must be the WhatsApp sender, such as whatsapp:+14155238886")
    .describe("The sender that users write to, such as `whatsapp:+14155238886`."),
  apiBaseUrl: z
    .url({ protocol: /^https?$/, error: "must be a URL such as https://api.twilio.com" })
    .default("https://api.twilio.com")
    .describe("Address of the REST API: Twilio's own or a proxy."),
  optOutWords: optOutWordsSchema,
  template: z
    .strictObject({
      category: templateCategorySchema,
      contentSid: z
        .string()
        .regex(/^HX[\w-]+$/, "is not a content SID: those begin with HX")
        .describe("The approved template's SID, from the Content Template Builder."),
      variables: z
        .record(z.string(), z.string())
        .default({})
        .describe('Values of its placeholders, such as `{ "1": "your coach" }`.'),
    })
    .optional()
    .describe(TEMPLATE),
});

export type TwilioConfig = z.infer<typeof twilioConfigSchema>;
export type TwilioTemplate = NonNullable<TwilioConfig["template"]>;
