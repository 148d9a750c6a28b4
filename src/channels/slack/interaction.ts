import { z } from "zod";

/** The id of our block that holds the buttons. */
export const BUTTONS_BLOCK = "buttons";

const blockSchema = z.looseObject({ type: z.string(), block_id: z.string().optional() });

/** The fields that we read of a button press below a message (docs.slack.dev, block_actions payload). */
const pressSchema = z.object({
  type: z.literal("block_actions"),
  user: z.object({ id: z.string(), team_id: z.string().nullish() }),
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

/**
 * The answer to `/something`. We define no command, but an operator can add one to the app. Only the person who wrote
 * the command sees it. Without an answer Slack would show an error.
 */
export const COMMAND_ANSWER = {
  response_type: "ephemeral",
  text: "Commands do nothing here. Write to me directly, or mention me in a channel.",
} as const;

/** Reads a press; null if the body has another shape. */
export function parsePress(body: unknown): Omit<SlackPress, "team"> | null {
  const { data } = pressSchema.safeParse(body);
  const [action] = data?.actions ?? [];
  if (data === undefined || action === undefined) return null;
  const { user, container, message } = data;
  return {
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
