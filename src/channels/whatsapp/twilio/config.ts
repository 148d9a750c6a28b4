import { z } from "zod";
import { twilioAccountShape, twilioApiBaseUrlSchema } from "../../twilio/config.ts";
import { optOutWordsSchema } from "../opt-out.ts";
import { TEMPLATE, templateCategorySchema } from "../template.ts";

/** The configuration of a WhatsApp channel through Twilio. */
export const twilioConfigSchema = z.strictObject({
  provider: z.literal("twilio").default("twilio").describe("The service that connects to WhatsApp."),
  ...twilioAccountShape,
  from: z
    .string()
    .regex(/^whatsapp:\S{1,190}$/, "must be the WhatsApp sender, such as whatsapp:+14155238886")
    .describe("The sender that users write to, such as `whatsapp:+14155238886`."),
  apiBaseUrl: twilioApiBaseUrlSchema,
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
