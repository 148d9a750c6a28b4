import { z } from "zod";
import { optOutWordsSchema } from "../opt-out.ts";
import { TEMPLATE, templateCategorySchema } from "../template.ts";

const appSecretSchema = z.string().regex(/^\S+$/, "is not an app secret; copy it from App settings, Basic");

/** The configuration of a WhatsApp channel through Meta's Cloud API. */
export const metaConfigSchema = z.strictObject({
  provider: z.literal("meta").describe("The service that connects to WhatsApp."),
  phoneNumberId: z
    .string()
    .regex(/^[\w-]+$/, "is not a phone number id; copy it from WhatsApp, API Setup: not the number itself")
    .describe("The id of the business phone number, from WhatsApp, API Setup."),
  accessToken: z
    .string()
    .regex(/^\S+$/, "is not an access token; use that of a system user, which does not expire")
    .describe("A system user's token with `whatsapp_business_messaging`."),
  appSecret: appSecretSchema.describe(
    "The app's secret, from App settings, Basic. It proves that a request comes from Meta.",
  ),
  secondaryAppSecret: appSecretSchema
    .optional()
    .describe("A second secret with valid signatures, for the time in which you change the app secret."),
  verifyToken: z
    .string()
    .min(1, "must not be empty (try `openssl rand -hex 16`)")
    .describe(
      "A token that you choose. Enter it next to the webhook's URL. Meta sends it to check that URL.",
    ),
  apiBaseUrl: z
    .url({ protocol: /^https?$/, error: "must be a URL such as https://graph.facebook.com/v26.0" })
    .default("https://graph.facebook.com/v26.0")
    .describe("Address of the Graph API with its version: Meta's own or a proxy."),
  listButton: z
    .string()
    .min(1)
    .max(20)
    .default("Choose")
    .describe(
      "Label of the button that opens a list. A list replaces more than three buttons, or buttons below a long text.",
    ),
  optOutWords: optOutWordsSchema,
  template: z
    .strictObject({
      category: templateCategorySchema,
      name: z
        .string()
        .regex(/^[a-z0-9_]{1,512}$/, "is not a template's name: lower case letters, digits and _")
        .describe("The approved template's name, from the WhatsApp Manager."),
      language: z
        .string()
        .regex(/^[a-z]{2,3}(_[A-Z]{2})?$/, "is not a language of a template, such as en_US")
        .default("en_US")
        .describe("The language of the approved template."),
      variables: z
        .record(z.string(), z.string())
        .default({})
        .describe('Values of the placeholders in its body, such as `{ "1": "your coach" }`.'),
    })
    .optional()
    .describe(TEMPLATE),
});

export type MetaConfig = z.infer<typeof metaConfigSchema>;
export type MetaTemplate = NonNullable<MetaConfig["template"]>;
