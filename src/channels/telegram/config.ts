import { z } from "zod";
import { refineAlways } from "../../core/refine-always.ts";

/** A Telegram channel in the configuration file, without the keys all channels have. */
export const telegramConfigSchema = z
  .strictObject({
    token: z
      .string()
      .regex(/^[A-Za-z0-9_:-]+$/, "is not a bot token; copy it from @BotFather (123456:ABC-DEF…)")
      .describe("The bot's token from @BotFather."),
    mode: z
      .enum(["webhook", "polling"])
      .default("webhook")
      .describe("`webhook`: Telegram calls us, needs a public URL. `polling`: we ask Telegram, needs none."),
    secretToken: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,256}$/, "must be 1 to 256 of the characters A-Z a-z 0-9 _ -")
      .optional()
      .describe(
        "Sent back by Telegram with every webhook, to prove that it is Telegram. Required for `webhook`.",
      ),
    apiRoot: z
      .url({ protocol: /^https?$/, error: "must be a URL such as https://api.telegram.org" })
      .default("https://api.telegram.org")
      .describe("Where the Bot API is: Telegram's own, a local Bot API server or a proxy."),
    streaming: z
      .union([z.boolean(), z.literal("auto")])
      .default("auto")
      .describe(
        "Answers shown while they are written. `auto`: in private chats. `true`: in groups too, by editing a message.",
      ),
    username: z
      .string()
      .regex(/^@?[A-Za-z0-9_]{3,32}$/, "must be the bot's username, such as my_bot")
      .optional()
      .describe("The bot's username, for groups; asked from Telegram when left out."),
  })
  .refine((config) => config.mode !== "webhook" || config.secretToken !== undefined, {
    when: refineAlways,
    path: ["secretToken"],
    error:
      'is required for mode "webhook": without it anybody could post updates (try `openssl rand -hex 32`)',
  });

export type TelegramConfig = z.infer<typeof telegramConfigSchema>;
