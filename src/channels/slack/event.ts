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

/** Somebody reacted to a message, or took the reaction away (reaction_added, reaction_removed). */
const reactionSchema = z.object({
  type: z.enum(["reaction_added", "reaction_removed"]),
  user: z.string(),
  reaction: z.string(),
  /** The writer of the message. */
  item_user: z.string().nullish(),
  item: z.object({ type: z.literal("message"), channel: z.string(), ts: z.string() }),
  event_ts: z.string().default(""),
});

export type SlackReaction = z.infer<typeof reactionSchema>;

/** Reads a reaction to a message; null if it has another shape. */
export function parseReaction(event: unknown): SlackReaction | null {
  return reactionSchema.safeParse(event).data ?? null;
}

/** Somebody pressed Stop while the app was busy in a thread (agent_session_stopped). */
const stopSchema = z.object({ channel: z.string(), thread_ts: z.string() });

export type SlackStop = z.infer<typeof stopSchema>;

/** Reads a press of Stop; null if it has another shape. */
export function parseStop(event: unknown): SlackStop | null {
  return stopSchema.safeParse(event).data ?? null;
}

/** A person opened the messages of the app (app_home_opened). */
const homeSchema = z.object({ tab: z.literal("messages"), channel: z.string() });
/** A person began a thread with an app of the older assistant kind (assistant_thread_started). */
const threadSchema = z.object({
  assistant_thread: z.object({ channel_id: z.string(), thread_ts: z.string() }),
});

/** A conversation with the app that a person opened. */
export interface SlackOpening {
  channel: string;
  /** Null: the conversation as a whole. */
  thread: string | null;
}

/** Reads the event of a person who opened a conversation with the app; null if it has another shape. */
export function parseOpening(event: unknown): SlackOpening | null {
  const { data: home } = homeSchema.safeParse(event);
  if (home !== undefined) return { channel: home.channel, thread: null };
  const begun = threadSchema.safeParse(event).data?.assistant_thread;
  return begun === undefined ? null : { channel: begun.channel_id, thread: begun.thread_ts };
}

/** An event about a message, in its envelope. */
const bodySchema = z.object({
  event_id: z.string(),
  api_app_id: z.string().optional(),
  event: messageSchema,
});

const editedSchema = z.object({ ts: z.string() }).nullish().catch(null);

/**
 * A message that its writer changed (message_changed). Slack also sends this event when it adds previews of links. Then
 * `edited` stays the same.
 */
const changeSchema = z.object({
  event: z.object({
    subtype: z.literal("message_changed"),
    message: messageSchema.omit({ channel: true, channel_type: true }).extend({ edited: editedSchema }),
    previous_message: z.object({ edited: editedSchema }).nullish().catch(null),
  }),
});

/** A message that was written in a conversation of the bot. */
export interface SlackEvent {
  eventId: string;
  /** The installation that the event is for: a workspace, or an organization that installed the app as a whole. */
  team: string | null;
  appId: string | null;
  botUserId: string | null;
  message: SlackMessage;
  /** Slack's timestamp of the edit, if it is an earlier message as its writer changed it. */
  editTs: string | null;
}

/** Reads the body of an event about a message; null if it has another shape. */
export function parseMessage(body: unknown): Omit<SlackEvent, "team" | "botUserId"> | null {
  const { data } = bodySchema.safeParse(body);
  if (data === undefined) return null;
  const { event_id: eventId, api_app_id: appId = null, event: outer } = data;
  return { eventId, appId, ...(changeOf(body, outer) ?? { message: outer, editTs: null }) };
}

/** The message as its writer changed it; null if nobody changed its words. */
function changeOf(body: unknown, outer: SlackMessage): Pick<SlackEvent, "message" | "editTs"> | null {
  if (outer.subtype !== "message_changed") return null;
  const { data } = changeSchema.safeParse(body);
  if (data === undefined) return null;
  const { message: written, previous_message: before } = data.event;
  const { edited, ...message } = written;
  if (!edited || edited.ts === before?.edited?.ts) return null;
  const { channel, channel_type } = outer;
  return { message: { ...message, channel, channel_type }, editTs: edited.ts };
}

const authorizedSchema = z.object({
  authorizations: z.array(z.object({ user_id: z.string().nullish(), is_bot: z.boolean().nullish() })),
});

/** The bot user that an event is delivered for. It gives our identity without a call. */
export function botUserOf(body: unknown): string | null {
  const { data } = authorizedSchema.safeParse(body);
  return data?.authorizations.find((each) => each.is_bot)?.user_id ?? null;
}
