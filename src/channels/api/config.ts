import { z } from "zod";

/** Configuration of an API channel, without the keys that all channels have. */
export const apiConfigSchema = z.strictObject({
  webhook: z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/, error: "write a URL that begins with http:// or https://" })
        .describe("Address of your endpoint. It may be in a private network."),
      secret: z
        .string()
        .min(8, "is too short to sign with; write 32 characters (try `openssl rand -hex 32`)")
        .describe("Signs every post, so that your endpoint can check the sender."),
    })
    .optional()
    .describe("Endpoint that gets every reply by POST. Without it, callers read replies from the API."),
});

export type ApiConfig = z.infer<typeof apiConfigSchema>;
export type ReplyWebhook = NonNullable<ApiConfig["webhook"]>;
