import { z } from "zod";
import { refineAlways } from "../../core/refine-always.ts";

/** A Telegram channel in the configuration file, without the keys that all channels have. */
export const telegramConfigSchema = z
  .strictObject({
    token: z
      .string()
      .regex(/^\d{1,20}:[A-Za-z0-9_-]{3,}$/, "is not a bot token; copy it from @BotFather (123456:ABC-DEF…)")
      .describe("The bot's token from @BotFather."),
    mode: z
      .enum(["webhook", "polling"])
      .default("webhook")
      .describe(
        "`webhook`: Telegram calls the service, which needs a public URL. `polling`: the service asks Telegram and needs no URL.",
      ),
    secretToken: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,256}$/, "must be 1 to 256 of the characters A-Z a-z 0-9 _ -")
      .optional()
      .describe("Telegram sends it with every webhook request, as a proof. Required for `webhook`."),
    takeOver: z
      .boolean()
      .default(false)
      .describe(
        "`polling` only. `true` takes the bot over from a host that receives its updates by webhook.",
      ),
    commands: z
      .array(
        z.strictObject({
          command: z.string().regex(/^[a-z0-9_]{1,32}$/, "must be 1 to 32 of the characters a-z 0-9 _"),
          description: z.string().min(1).max(256),
        }),
      )
      .max(100)
      .optional()
      .describe(
        "The commands in Telegram's menu. Default: `start` and `reset`, if the bot has none yet. `[]`: none.",
      ),
    apiRoot: z
      .url({ protocol: /^https?$/, error: "must be a URL such as https://api.telegram.org" })
      .default("https://api.telegram.org")
      .describe("Address of the Bot API: Telegram's own, a local Bot API server or a proxy."),
    streaming: z
      .union([z.boolean(), z.literal("auto")])
      .default("auto")
      .describe(
        "Shows answers while they are written. `auto`: in private chats. `true`: in groups too, by editing a message.",
      ),
    business: z
      .boolean()
      .default(true)
      .describe(
        "Answers what is written to business accounts that the bot is connected with, in their name. A bot can be connected only if Business Mode is on in @BotFather.",
      ),
    richMessages: z
      .boolean()
      .default(true)
      .describe(
        "Sends texts with headings or tables, and long ones, as rich messages if the Bot API server takes them.",
      ),
    linkPreviews: z
      .boolean()
      .default(false)
      .describe(
        "Shows previews of links below messages. If on, Telegram fetches every address that a model writes.",
      ),
    username: z
      .string()
      .regex(/^@?[A-Za-z0-9_]{3,32}$/, "must be the bot's username, such as my_bot")
      .optional()
      .describe("The bot's username, for groups. Default: the service asks Telegram."),
  })
  .refine((config) => config.mode !== "webhook" || config.secretToken !== undefined, {
    when: refineAlways,
    path: ["secretToken"],
    error:
      'is required for mode "webhook": without it anybody could post updates (try `openssl rand -hex 32`)',
  });

export type TelegramConfig = z.infer<typeof telegramConfigSchema>;
