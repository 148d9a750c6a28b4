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
    .describe("First words, in any case, that begin a conversation with this agent."),
});

/** A Slack channel in the configuration file, without the keys all channels have. */
export const slackConfigSchema = z
  .strictObject({
    botToken: z
      .string()
      .regex(/^xoxb-\S+$/, "is not a bot token; copy the one that begins with xoxb-")
      .optional()
      .describe(
        "The bot user's token, from OAuth & Permissions: for one workspace. For several, `oauth` instead.",
      ),
    oauth: z
      .strictObject({
        clientId: z.string().min(1).describe("From Basic Information."),
        clientSecret: z.string().min(1).describe("From Basic Information."),
        secret: z
          .string()
          .min(32, "must have at least 32 characters (try `openssl rand -hex 32`)")
          .describe(
            "Your own; seals the tokens in the database. With another one they have to be issued again.",
          ),
      })
      .optional()
      .describe("For several workspaces: each installs the app at `/webhooks/<channel>/install`."),
    mode: z
      .enum(["events", "socket"])
      .default("events")
      .describe("`events`: Slack calls us, needs a public URL. `socket`: we call Slack, needs none."),
    signingSecret: z
      .string()
      .regex(/^\S+$/, "is not a signing secret; copy it from Basic Information")
      .optional()
      .describe("Proves that a request is Slack's, from Basic Information. Required for `events`."),
    appToken: z
      .string()
      .regex(/^xapp-\S+$/, "is not an app-level token; copy the one that begins with xapp-")
      .optional()
      .describe("App-level token with the scope connections:write. Required for `socket`."),
    apiUrl: z
      .url({ protocol: /^https?$/, error: "must be a URL such as https://slack.com/api/" })
      .default("https://slack.com/api/")
      .describe("Where the Web API is: Slack's own or a proxy."),
    streaming: z
      .union([z.boolean(), z.literal("auto")])
      .default("auto")
      .describe(
        "Answers shown while they are written. `auto`: where Slack streams them. `true`: elsewhere too, by editing a message.",
      ),
    agents: z
      .record(z.string(), routeSchema)
      .default({})
      .describe("More agents behind the same app, by Slack channel or first word; `agent` gets the rest."),
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
