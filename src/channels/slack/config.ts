import { z } from "zod";
import { refineAlways } from "../../core/refine-always.ts";

const routeSchema = z.strictObject({
  channels: z
    .array(z.string().regex(/^[CDG][A-Z0-9]{2,}$/, "must be a Slack channel id, such as C0123456789"))
    .default([])
    .describe("Slack channel ids in which this agent answers."),
  keywords: z
    .array(z.string().regex(/^\S+$/, "must be one word"))
    .default([])
    .describe("First words that start a conversation with this agent. Upper and lower case are equal."),
});

const promptSchema = z.strictObject({
  title: z.string().trim().min(1, "is empty").describe("The words on the button."),
  message: z.string().trim().min(1, "is empty").describe("The message that a press writes to the bot."),
});

const NO_BOT_TOKEN = "is not a bot token; copy the one that begins with xoxb-";
const EXPIRES = "expires in 12 hours; use `oauth`, or switch token rotation off and copy the token again";

const signingSecret = z.string().regex(/^\S+$/, "is not a signing secret; copy it from Basic Information");

/** A Slack channel in the configuration file, without the keys that all channels have. */
export const slackConfigSchema = z
  .strictObject({
    botToken: z
      .string()
      .regex(/^xoxb-\S+$/, { error: ({ input }) => (/^xoxe/.test(String(input)) ? EXPIRES : NO_BOT_TOKEN) })
      .optional()
      .describe(
        "The bot user's token for one workspace, from OAuth & Permissions. For several workspaces, use `oauth`.",
      ),
    oauth: z
      .strictObject({
        clientId: z.string().min(1).describe("From the page Basic Information."),
        clientSecret: z.string().min(1).describe("From the page Basic Information."),
        secret: z
          .string()
          .min(32, "must have at least 32 characters (try `openssl rand -hex 32`)")
          .describe(
            "A secret that you choose. It encrypts the tokens in the database. If you change it, Slack must issue new tokens.",
          ),
      })
      .optional()
      .describe("For several workspaces. Each one installs the app at `/webhooks/<channel>/install`."),
    mode: z
      .enum(["events", "socket"])
      .default("events")
      .describe(
        "`events`: Slack calls the service, which needs a public URL. `socket`: the service calls Slack and needs no URL.",
      ),
    signingSecret: z
      .union([signingSecret, z.array(signingSecret).min(1)])
      .optional()
      .describe(
        "Proves that a request comes from Slack. It is on the page Basic Information, and required for `events`. While you change it, write the new and the old one.",
      ),
    appToken: z
      .string()
      .regex(/^xapp-\S+$/, "is not an app-level token; copy the one that begins with xapp-")
      .optional()
      .describe("App-level token with the scope connections:write. Required for `socket`."),
    apiUrl: z
      .url({ protocol: /^https?$/, error: "must be a URL such as https://slack.com/api/" })
      .default("https://slack.com/api/")
      .describe("Address of the Web API: Slack's own or a proxy."),
    threads: z
      .enum(["all", "mention"])
      .default("all")
      .describe(
        "The messages in the bot's threads that the bot answers. `all`: every message, except one that begins with a mention of another user. `mention`: only messages that mention the bot.",
      ),
    streaming: z
      .union([z.boolean(), z.literal("auto")])
      .default("auto")
      .describe(
        "Shows answers while they are written. `auto`: if Slack supports streaming. `true`: otherwise also, by editing a message.",
      ),
    toolCards: z
      .boolean()
      .default(true)
      .describe(
        "Shows the names of a bot's tools as cards while they work, if Slack streams. `false`: only the answer.",
      ),
    titles: z
      .boolean()
      .default(true)
      .describe("The first words of a conversation with the app become its name in Slack."),
    suggestedPrompts: z
      .array(promptSchema)
      .max(4, "has more than four entries, and Slack shows four")
      .default([])
      .describe(
        "Messages that Slack offers to a person who opens the conversation with the app, at most four.",
      ),
    agents: z
      .record(z.string(), routeSchema)
      .default({})
      .describe(
        "More agents of the same app, by Slack channel or first word. `agent` gets all other messages.",
      ),
  })
  .refine((config) => (config.botToken === undefined) !== (config.oauth === undefined), {
    when: refineAlways,
    path: ["botToken"],
    error: "is required, or `oauth` for several workspaces; not both",
  })
  .refine((config) => config.mode !== "events" || config.signingSecret !== undefined, {
    when: refineAlways,
    path: ["signingSecret"],
    error: 'is required for mode "events": without it anybody could post events (Basic Information)',
  })
  .refine((config) => config.mode !== "socket" || config.appToken !== undefined, {
    when: refineAlways,
    path: ["appToken"],
    error: 'is required for mode "socket" (Basic Information, App-Level Tokens, scope connections:write)',
  });

export type SlackConfig = z.infer<typeof slackConfigSchema>;

/** The secrets in use; none if Slack does not call us. */
export function signingSecrets({ mode, signingSecret }: SlackConfig): readonly string[] {
  if (mode !== "events" || signingSecret === undefined) return [];
  return typeof signingSecret === "string" ? [signingSecret] : signingSecret;
}

/** The keys that a configuration does not need. A variable that one of them is read from may be unset. */
export function optionalKeys({ mode }: { mode?: unknown }): readonly string[] {
  return mode === "socket" ? ["signingSecret"] : ["appToken"];
}
