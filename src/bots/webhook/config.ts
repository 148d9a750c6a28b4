import { z } from "zod";

export const configSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: "write a URL that begins with http:// or https://" })
    .describe("Your endpoint. It may be on this machine or in a private network: the address is yours."),
  secret: z
    .string()
    .min(8, "is too short to sign with; write 32 characters (try `openssl rand -hex 32`)")
    .describe("Signs every request, so that your endpoint knows who asks."),
  timeoutMs: z
    .int()
    .min(100)
    .max(3_600_000)
    .default(60_000)
    .describe(
      "How long one answer may take, in milliseconds, where that is less than the agent's turns allow.",
    ),
  history: z
    .enum(["none", "recent", "prompt"])
    .default("none")
    .describe(
      "What is sent besides the new messages: nothing, the recent conversation, or the whole prompt as a model would get it.",
    ),
  headers: z
    .record(z.string().min(1), z.string())
    .default({})
    .describe('Further HTTP headers, for gateways. Secrets by reference: `"$NAME"`.'),
});

export type WebhookConfig = z.output<typeof configSchema>;
