import { z } from "zod";
import { contentSchema, profileSchema } from "./message.ts";

/**
 * The fields that we read of the Events API (docs.slack.dev: Events API, message, app_mention). Parsing copies the
 * named keys into new objects, so no other data of a body passes.
 */
const messageSchema = contentSchema.extend({
  type: z.enum(["message", "app_mention"]),
  subtype: z.string().optional(),
  channel: z.string(),
  channel_type: z.string().optional(),
  user: z.string().optional(),
  /** The workspace of the writer. In a shared channel it may be another one than ours. */
  user_team: z.string().nullish(),
  source_team: z.string().nullish(),
  team: z.string().nullish(),
  user_profile: profileSchema,
  bot_id: z.string().nullish(),
  app_id: z.string().nullish(),
  ts: z.string(),
  thread_ts: z.string().optional(),
  /** The writer of the thread's first message. */
  parent_user_id: z.string().optional(),
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

/** The content of one request, or of one envelope of the socket. */
export type SlackBody =
  | { kind: "challenge"; challenge: string }
  | {
      kind: "event";
      eventId: string;
      /** The installation that the event is for: a workspace, or an organization that installed the app as a whole. */
      team: string | null;
      appId: string | null;
      botUserId: string | null;
      message: SlackMessage;
    }
  /** The app was removed, or its bot token was revoked. */
  | { kind: "revoked"; type: string; team: string | null }
  | { kind: "rate_limited" }
  /** Something that we do not read, so it is only acknowledged. `unreadable`: a message in an unknown format. */
  | { kind: "other"; type: string; unreadable: boolean };

/** Reads a body; null if Slack sends no such body. */
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
    // The bot user that the event is delivered for. It gives our identity without a call.
    botUserId: parsed.data.authorizations?.find((each) => each.is_bot)?.user_id ?? null,
    message: message.data,
  };
}

/** In a shared channel, `team_id` of the envelope can name another workspace. */
function installationOf({ authorizations, team_id }: z.infer<typeof bodySchema>): string | null {
  const [first] = authorizations ?? [];
  const installed = first?.is_enterprise_install ? first.enterprise_id : first?.team_id;
  return installed ?? team_id ?? null;
}
