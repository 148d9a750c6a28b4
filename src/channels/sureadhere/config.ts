import { z } from "zod";

const url = (example: string) => z.url({ protocol: /^https?$/, error: `must be a URL such as ${example}` });

/** A SureAdhere channel in the configuration file, without the keys all channels have. */
export const sureadhereConfigSchema = z.strictObject({
  tenantId: z
    .string()
    .min(1)
    .describe("The tenant whose patients write here, for people to tell channels apart."),
  clientId: z.string().min(1).describe("Names us to SureAdhere's authorization server."),
  clientSecret: z.string().min(1).describe("Proves to it that we are that client."),
  clientScope: z
    .string()
    .min(1)
    .optional()
    .describe("The scope to ask a token for, where the authorization server wants one."),
  authUrl: url("https://login.example.org/oauth2/token").describe(
    "The token endpoint of the authorization server.",
  ),
  baseUrl: url("https://api.example.org").describe(
    "Where SureAdhere's API is; messages go to `/treatment/external/send-msg` on that host.",
  ),
  webhookSecret: z
    .string()
    .min(1, "must not be empty: anybody could post messages (try `openssl rand -hex 32`)")
    .describe("Sent with every inbound request: header `X-Webhook-Secret`, or `secret` in the query."),
});

export type SureadhereConfig = z.infer<typeof sureadhereConfigSchema>;
