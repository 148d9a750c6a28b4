import { z } from "zod";

const url = (example: string) => z.url({ protocol: /^https?$/, error: `must be a URL such as ${example}` });

/** Configuration of a SureAdhere channel, without the keys that all channels have. */
export const sureadhereConfigSchema = z.strictObject({
  tenantId: z
    .string()
    .min(1)
    .describe("The tenant of the patients. It helps people to distinguish channels."),
  clientId: z.string().min(1).describe("Client id for SureAdhere's authorization server."),
  clientSecret: z.string().min(1).describe("Secret of that client."),
  clientScope: z
    .string()
    .min(1)
    .optional()
    .describe("The scope of the token, if the authorization server requires one."),
  authUrl: url("https://login.example.org/oauth2/token").describe(
    "The token endpoint of the authorization server.",
  ),
  baseUrl: url("https://api.example.org").describe(
    "Address of SureAdhere's API. Messages go to `/treatment/external/send-msg` on that host.",
  ),
  webhookSecret: z
    .string()
    .min(1, "must not be empty: anybody could post messages (try `openssl rand -hex 32`)")
    .describe(
      "Every inbound request contains it: in the header `X-Webhook-Secret`, or as `secret` in the query.",
    ),
});

export type SureadhereConfig = z.infer<typeof sureadhereConfigSchema>;
