import { z } from "zod";

const origin = z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text, {
  error: "is not an origin; write scheme, host and port only, such as https://example.org",
});

const secret = z
  .string()
  .min(8, "is too short to sign with; write 32 characters (try `openssl rand -hex 32`)");

/** A web channel in the configuration file, without the keys all channels have. */
export const webConfigSchema = z.strictObject({
  allowedOrigins: z
    .array(origin)
    .default([])
    .describe("Other sites that may use this channel from their pages. The hosted page needs no entry."),
  identitySecret: z
    .union([secret, z.tuple([secret, secret])])
    .optional()
    .describe(
      "Shared with your site, which signs identity tokens (JWT, HS256) with it. Two, new and old, while it is changed.",
    ),
  title: z.string().min(1).max(80).optional().describe("The heading of the chat. Default: the agent's name."),
  greeting: z
    .string()
    .min(1)
    .max(2000)
    .optional()
    .describe("Shown before the first message; not part of history."),
  starters: z
    .array(z.string().min(1).max(200))
    .max(8)
    .default([])
    .describe("What a visitor may begin with, as buttons: a press sends the text."),
  attachmentTypes: z
    .array(z.string().regex(/^[a-z]+\/([a-z0-9.+-]+|\*)$/, "write a type such as image/* or application/pdf"))
    .default(["image/*", "audio/*", "video/*", "application/pdf", "text/plain"])
    .describe("The files a visitor may send, by what they are found to be. An empty list: none."),
});

export type WebConfig = z.infer<typeof webConfigSchema>;

/** The secrets in use: the first signs, any verifies. */
export function identitySecrets(config: WebConfig): readonly string[] {
  if (config.identitySecret === undefined) return [];
  return typeof config.identitySecret === "string" ? [config.identitySecret] : config.identitySecret;
}
