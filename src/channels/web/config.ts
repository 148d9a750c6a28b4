import { z } from "zod";

/** The origin that browsers send for a page in a sandboxed frame, on any site. */
export const SANDBOXED = "null";

const origin = z
  .string()
  .refine((text) => text === SANDBOXED || (URL.canParse(text) && new URL(text).origin === text), {
    error: "is not an origin; write scheme, host and port only, such as https://example.org",
  });

const secret = z
  .string()
  .min(8, "is too short to sign with; write 32 characters (try `openssl rand -hex 32`)");

/** A web channel in the configuration file, without the keys that all channels have. */
export const webConfigSchema = z.strictObject({
  allowedOrigins: z
    .array(origin)
    .default([])
    .describe(
      'Other sites whose pages may use this channel. The hosted page needs no entry. `"null"`: pages in sandboxed frames of any site.',
    ),
  identitySecret: z
    .union([secret, z.tuple([secret, secret])])
    .optional()
    .describe(
      "The secret with which your site signs identity tokens (JWT, HS256). While you change it, write the new and the old one.",
    ),
  title: z.string().min(1).max(80).optional().describe("The heading of the chat. Default: the agent's name."),
  greeting: z
    .string()
    .min(1)
    .max(2000)
    .optional()
    .describe("Text before the first message. It is not part of the history."),
  starters: z
    .array(z.string().min(1).max(200))
    .max(8)
    .default([])
    .describe("Buttons for the first message. A press sends the text."),
  ratings: z.boolean().default(true).describe("Thumbs below answers, by which visitors rate them."),
  attachmentTypes: z
    .array(z.string().regex(/^[a-z]+\/([a-z0-9.+-]+|\*)$/, "write a type such as image/* or application/pdf"))
    .default(["image/*", "audio/*", "video/*", "application/pdf", "text/plain"])
    .describe(
      "The types of files that a visitor may send. The service detects the type. An empty list: none.",
    ),
});

export type WebConfig = z.infer<typeof webConfigSchema>;

/** The secrets in use. The first one signs; any of them verifies. */
export function identitySecrets(config: WebConfig): readonly string[] {
  if (config.identitySecret === undefined) return [];
  return typeof config.identitySecret === "string" ? [config.identitySecret] : config.identitySecret;
}
