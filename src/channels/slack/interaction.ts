import { z } from "zod";

/** Ours among the ids of blocks: the one that holds the buttons. */
export const BUTTONS_BLOCK = "buttons";

const teamSchema = z.object({ id: z.string() }).nullish();
const blockSchema = z.looseObject({ type: z.string(), block_id: z.string().optional() });

/** The part of a press of a button below a message that is read (docs.slack.dev, block_actions payload). */
const pressSchema = z.object({
  type: z.literal("block_actions"),
  user: z.object({ id: z.string() }),
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

/** A button of ours that somebody pressed. */
export interface SlackPress {
  kind: "press";
  /** The installation; see events. */
  team: string | null;
  userId: string;
  channel: string;
  /** The message the button stands below, and the thread that it is in or begins. */
  ts: string;
  threadTs: string;
  reference: string;
  actionTs: string;
  message: { text: string; blocks: SlackBlock[] };
}

/** What comes as a form, or over a socket, besides events. */
export type SlackInteraction =
  | SlackPress
  /** `/something`: we have none, but an app can be given one. */
  | { kind: "command" }
  /** Slack's check of our certificate, and what nothing of ours asks for. */
  | { kind: "nothing" };

/** Only whoever wrote the command sees it; without an answer they would see an error. */
export const COMMAND_ANSWER = {
  response_type: "ephemeral",
  text: "Commands do nothing here. Write to me directly, or mention me in a channel.",
};

const NOTHING = { kind: "nothing" } as const;

/** Reads a form as Slack posts it; one of a shape we do not know is nothing. */
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
    channel: container.channel_id,
    ts: container.message_ts,
    threadTs: container.thread_ts ?? message.thread_ts ?? container.message_ts,
    reference: action.action_id,
    actionTs: action.action_ts,
    message,
  };
}
