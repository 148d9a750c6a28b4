import { z } from "zod";

/** An API channel in the configuration file, without the keys all channels have. */
export const apiConfigSchema = z.strictObject({
  webhook: z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/, error: "write a URL that begins with http:// or https://" })
        .describe("Your endpoint. It may be in a private network: the address is yours."),
      secret: z
        .string()
        .min(8, "is too short to sign with; write 32 characters (try `openssl rand -hex 32`)")
        .describe("Signs every post, so that your endpoint knows who it is from."),
    })
    .optional()
    .describe("Where every reply is posted. Without it replies are read from the API."),
});

export type ApiConfig = z.infer<typeof apiConfigSchema>;
export type ReplyWebhook = NonNullable<ApiConfig["webhook"]>;
