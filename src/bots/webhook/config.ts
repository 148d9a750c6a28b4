import { z } from "zod";

export const configSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: "write a URL that begins with http:// or https://" })
    .describe("Address of your endpoint. It may be on this machine or in a private network."),
  secret: z
    .string()
    .min(8, "is too short to sign with; write 32 characters (try `openssl rand -hex 32`)")
    .describe("Signs every request, so that your endpoint can check the sender."),
  timeoutMs: z
    .int()
    .min(100)
    .max(3_600_000)
    .default(60_000)
    .describe("Time limit for one answer, in milliseconds. The limit of the agent's turns also applies."),
  history: z
    .enum(["none", "recent", "prompt"])
    .default("none")
    .describe(
      "The part of the conversation that the request contains besides the new messages. `none`: nothing. `recent`: the recent conversation. `prompt`: the whole prompt, as a model would get it.",
    ),
  headers: z
    .record(z.string().min(1), z.string())
    .default({})
    .describe('More HTTP headers, for gateways. Write secrets as references: `"$NAME"`.'),
});

export type WebhookConfig = z.output<typeof configSchema>;
