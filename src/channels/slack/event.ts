import { z } from "zod";

/**
 * The part of the Events API that is read (docs.slack.dev: Events API, message, app_mention). Parsing copies the named
 * keys into fresh objects, so nothing else that a body carries goes any further.
 */
const fileSchema = z.object({
  id: z.string(),
  name: z.string().nullish(),
  mimetype: z.string().nullish(),
  size: z.number().nullish(),
});

const messageSchema = z.object({
  type: z.enum(["message", "app_mention"]),
  subtype: z.string().optional(),
  channel: z.string(),
  channel_type: z.string().optional(),
  user: z.string().optional(),
  bot_id: z.string().nullish(),
  app_id: z.string().nullish(),
  text: z.string().nullish(),
  ts: z.string(),
  thread_ts: z.string().optional(),
  /** Who wrote the message the thread hangs on. */
  parent_user_id: z.string().optional(),
  files: z.array(fileSchema).optional(),
});

export type SlackMessage = z.infer<typeof messageSchema>;

const bodySchema = z.object({
  type: z.string(),
  challenge: z.string().optional(),
  event_id: z.string().optional(),
  team_id: z.string().nullish(),
  api_app_id: z.string().optional(),
  authorizations: z
    .array(
      z.object({
        user_id: z.string().nullish(),
        is_bot: z.boolean().nullish(),
        team_id: z.string().nullish(),
        enterprise_id: z.string().nullish(),
        is_enterprise_install: z.boolean().nullish(),
      }),
    )
    .optional()
    .catch(undefined),
  event: z
    .looseObject({ type: z.string(), tokens: z.object({ bot: z.array(z.string()).optional() }).optional() })
    .optional()
    .catch(undefined),
});

/** What one request, or one envelope of the socket, carries. */
export type SlackBody =
  | { kind: "challenge"; challenge: string }
  | {
      kind: "event";
      eventId: string;
      /** Which installation it is for: a workspace, or the organization where it is installed as a whole. */
      team: string | null;
      appId: string | null;
      botUserId: string | null;
      message: SlackMessage;
    }
  /** The app was removed, or its bot's token was. */
  | { kind: "revoked"; type: string; team: string | null }
  | { kind: "rate_limited" }
  /** Nothing we read: acknowledged, and that is all. `unreadable`: a message, but of a shape we do not know. */
  | { kind: "other"; type: string; unreadable: boolean };

/** Reads a body; null if Slack sends no such thing. */
export function parseSlackBody(json: unknown): SlackBody | null {
  const parsed = bodySchema.safeParse(json);
  if (!parsed.success) return null;
  const { type, challenge, event, event_id: eventId } = parsed.data;
  if (type === "url_verification") return challenge === undefined ? null : { kind: "challenge", challenge };
  if (type === "app_rate_limited") return { kind: "rate_limited" };
  if (type !== "event_callback" || event === undefined) return { kind: "other", type, unreadable: false };
  const team = installationOf(parsed.data);
  if (event.type === "app_uninstalled" || (event.type === "tokens_revoked" && event.tokens?.bot?.length))
    return { kind: "revoked", type: event.type, team };
  if (event.type !== "message" && event.type !== "app_mention")
    return { kind: "other", type: event.type, unreadable: false };
  const message = messageSchema.safeParse(event);
  if (!message.success || eventId === undefined) return { kind: "other", type: event.type, unreadable: true };
  return {
    kind: "event",
    eventId,
    team,
    appId: parsed.data.api_app_id ?? null,
    // Says who we are without asking: the bot user the event is delivered for.
    botUserId: parsed.data.authorizations?.find((each) => each.is_bot)?.user_id ?? null,
    message: message.data,
  };
}

/** `team_id` of the envelope can be that of another workspace, in a channel shared with it. */
function installationOf({ authorizations, team_id }: z.infer<typeof bodySchema>): string | null {
  const [first] = authorizations ?? [];
  const installed = first?.is_enterprise_install ? first.enterprise_id : first?.team_id;
  return installed ?? team_id ?? null;
}
