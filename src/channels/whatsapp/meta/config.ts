import { z } from "zod";

const appSecretSchema = z.string().regex(/^\S+$/, "is not an app secret; copy it from App settings, Basic");

/** What a WhatsApp channel through Meta's Cloud API is configured with. */
export const metaConfigSchema = z.strictObject({
  provider: z.literal("meta").describe("Who connects to WhatsApp."),
  phoneNumberId: z
    .string()
    .regex(/^[\w-]+$/, "is not a phone number id; copy it from WhatsApp, API Setup: not the number itself")
    .describe("The id of the business phone number, from WhatsApp, API Setup."),
  accessToken: z
    .string()
    .regex(/^\S+$/, "is not an access token; use that of a system user, which does not expire")
    .describe("A system user's token with `whatsapp_business_messaging`."),
  appSecret: appSecretSchema.describe(
    "The app's secret, from App settings, Basic: proves that a request is Meta's.",
  ),
  secondaryAppSecret: appSecretSchema
    .optional()
    .describe("A second secret whose signatures count too, while the app secret is being exchanged."),
  verifyToken: z
    .string()
    .min(1, "must not be empty (try `openssl rand -hex 16`)")
    .describe("Your own; entered beside the webhook's URL, and sent by Meta when it checks that URL."),
  apiBaseUrl: z
    .url({ protocol: /^https?$/, error: "must be a URL such as https://graph.facebook.com/v26.0" })
    .default("https://graph.facebook.com/v26.0")
    .describe("Where the Graph API is, with its version: Meta's own or a proxy."),
  listButton: z
    .string()
    .min(1)
    .max(20)
    .default("Choose")
    .describe("What opens a list: buttons that are more than three, or below a long text."),
  template: z
    .strictObject({
      name: z
        .string()
        .regex(/^[a-z0-9_]{1,512}$/, "is not a template's name: lower case letters, digits and _")
        .describe("The approved template's name, from the WhatsApp Manager."),
      language: z
        .string()
        .regex(/^[a-z]{2,3}(_[A-Z]{2})?$/, "is not a language of a template, such as en_US")
        .default("en_US")
        .describe("The language it was approved in."),
      variables: z
        .record(z.string(), z.string())
        .default({})
        .describe('What the placeholders of its body are filled with, such as `{ "1": "your coach" }`.'),
    })
    .optional()
    .describe("Sent instead of a reply to whoever has not written for 24 hours; without it the reply fails."),
});

export type MetaConfig = z.infer<typeof metaConfigSchema>;
export type MetaTemplate = NonNullable<MetaConfig["template"]>;
