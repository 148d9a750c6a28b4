import { z } from "zod";

/** The id of our block that holds the buttons. */
export const BUTTONS_BLOCK = "buttons";

const teamSchema = z.object({ id: z.string() }).nullish();
const blockSchema = z.looseObject({ type: z.string(), block_id: z.string().optional() });

/** The fields that we read of a button press below a message (docs.slack.dev, block_actions payload). */
const pressSchema = z.object({
  type: z.literal("block_actions"),
  user: z.object({ id: z.string(), team_id: z.string().nullish() }),
  team: teamSchema,
  enterprise: teamSchema,
  is_enterprise_install: z.boolean().nullish(),
  container: z.object({
    channel_id: z.string(),
    message_ts: z.string(),
    thread_ts: z.string().optional(),
  }),
  message: z.object({
    text: z.string().default(""),
    thread_ts: z.string().optional(),
    blocks: z.array(blockSchema).default([]),
  }),
  actions: z.array(z.object({ action_id: z.string(), action_ts: z.string().default("") })).min(1),
});

export type SlackBlock = z.infer<typeof blockSchema>;

/** A press of one of our buttons. */
export interface SlackPress {
  kind: "press";
  /** The installation, as in events. */
  team: string | null;
  userId: string;
  /** The workspace of the person who pressed. */
  userTeam: string | null;
  channel: string;
  /** The message above the button, and the thread that it is in or begins. */
  ts: string;
  threadTs: string;
  reference: string;
  actionTs: string;
  message: { text: string; blocks: SlackBlock[] };
}

/** Everything except events that arrives as a form or over a socket. */
export type SlackInteraction =
  | SlackPress
  /** `/something`: we define no command, but an operator can add one to the app. */
  | { kind: "command" }
  /** Slack's check of our certificate, and anything else that we did not ask for. */
  | { kind: "nothing" };

/** Only the person who wrote the command sees it. Without an answer Slack would show an error. */
export const COMMAND_ANSWER = {
  response_type: "ephemeral",
  text: "Commands do nothing here. Write to me directly, or mention me in a channel.",
};

const NOTHING = { kind: "nothing" } as const;

/** Reads a form that Slack posts. An unknown format counts as nothing. */
export function parseForm(body: Buffer): SlackInteraction {
  const form = new URLSearchParams(body.toString("utf8"));
  if (form.has("command")) return { kind: "command" };
  try {
    return parseInteraction(JSON.parse(form.get("payload") ?? ""));
  } catch {
    return NOTHING;
  }
}

export function parseInteraction(json: unknown): SlackInteraction {
  const parsed = pressSchema.safeParse(json);
  const [action] = parsed.data?.actions ?? [];
  if (!parsed.success || action === undefined) return NOTHING;
  const { user, team, enterprise, is_enterprise_install: isWhole, container, message } = parsed.data;
  return {
    kind: "press",
    team: (isWhole ? enterprise?.id : team?.id) ?? null,
    userId: user.id,
    userTeam: user.team_id ?? null,
    channel: container.channel_id,
    ts: container.message_ts,
    threadTs: container.thread_ts ?? message.thread_ts ?? container.message_ts,
    reference: action.action_id,
    actionTs: action.action_ts,
    message,
  };
}
