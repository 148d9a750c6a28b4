import type { World } from "../world.ts";
import type { SlackApp } from "./app.ts";
import { readBlocks } from "./blocks.ts";
import { readChunks } from "./chunks.ts";
import {
  addMessage,
  type Conversation,
  openConversation,
  type StoredMessage,
  setSession,
} from "./conversation.ts";
import { messageObject } from "./objects.ts";
import { readWords } from "./text.ts";

export type SlackAnswer = { ok: boolean; error?: string; [key: string]: unknown };
export type Payload = Record<string, unknown>;

export interface MethodContext {
  world: World;
  app: SlackApp;
  /** The URL of the simulated Slack. */
  root: string;
  /** Tells the app of what happens, also of its own files. */
  tell(chat: string, event: Record<string, unknown>): void;
}

export const refuse = (error: string): SlackAnswer => ({ ok: false, error });

/** Slack closes a stream by itself after this time. */
const STREAM_MS = 5 * 60_000;

/** Finds the conversation of a call. A person's id means the direct conversation with that person. */
export function findConversation({ world, app }: MethodContext, given: unknown): Conversation | SlackAnswer {
  const id = typeof given === "string" ? given : "";
  const known = app.conversations.get(id.replace(/^U/, "D"));
  const found = known ?? (app.people.has(id) ? openConversation(app, id) : undefined);
  if (found === undefined) return refuse("channel_not_found");
  if (found.isBlocked || world.faults.blocks("slack", found.id))
    return refuse(found.isDirect ? "user_disabled" : "is_archived");
  return found;
}

export const isRefused = (found: object): found is SlackAnswer => "ok" in found;

/** `chat.postMessage`, and `chat.postEphemeral` for one person. */
export function postMessage(context: MethodContext, payload: Payload): SlackAnswer {
  const found = findConversation(context, payload.channel);
  if (isRefused(found)) return found;
  const content = readContent(payload);
  if (typeof content === "string") return refuse(content);
  const threadTs = readThread(found, payload.thread_ts);
  if (threadTs === undefined) return refuse("thread_not_found");
  const message = addMessage(context.app, found, context.world.clock.seconds(), { threadTs, ...content });
  found.statuses.delete(threadTs ?? message.ts);
  context.world.changed();
  return {
    ok: true,
    channel: found.id,
    ts: message.ts,
    message: messageObject(context.app, message, context.root),
  };
}

export function updateMessage(context: MethodContext, payload: Payload): SlackAnswer {
  const found = findOwn(context, payload);
  if (isRefused(found)) return found;
  const content = readContent(payload, 4_000);
  if (typeof content === "string") return refuse(content);
  if (isStreaming(context, found.message)) return refuse("cant_update_message");
  if (found.message.cards !== null) return refuse("block_mismatch");
  Object.assign(found.message, content, { isEdited: true });
  context.world.changed();
  const message = messageObject(context.app, found.message, context.root);
  return { ok: true, channel: found.conversation.id, ts: found.message.ts, text: content.text, message };
}

export function deleteMessage(context: MethodContext, payload: Payload): SlackAnswer {
  const found = findOwn(context, payload);
  if (isRefused(found)) return found;
  const { conversation, message } = found;
  conversation.messages = conversation.messages.filter((each) => each !== message);
  context.world.changed();
  return { ok: true, channel: conversation.id, ts: message.ts };
}

export function startStream(context: MethodContext, payload: Payload): SlackAnswer {
  const found = findConversation(context, payload.channel);
  if (isRefused(found)) return found;
  const threadTs = readThread(found, payload.thread_ts);
  if (threadTs === undefined || threadTs === null) return refuse("invalid_thread_ts");
  const { recipient_user_id: person, recipient_team_id: team, markdown_text: given = "" } = payload;
  if (!found.isDirect && !person) return refuse("missing_recipient_user_id");
  if (!found.isDirect && !team) return refuse("missing_recipient_team_id");
  const chunks = readChunks(payload.chunks);
  if (typeof chunks === "string") return refuse(chunks);
  if (chunks !== null && given !== "") return refuse("invalid_arguments");
  const text = chunks?.text ?? String(given);
  if (text.length > 12_000) return refuse("msg_too_long");
  const { clock } = context.world;
  const message = addMessage(context.app, found, clock.seconds(), {
    threadTs,
    text,
    isMarkdown: true,
    streamsUntil: clock.now() + STREAM_MS,
    cards: chunks?.cards ?? null,
  });
  found.statuses.delete(threadTs);
  setSession(found, threadTs, "processing");
  context.world.changed();
  return { ok: true, channel: found.id, ts: message.ts };
}

/** `chat.appendStream` and, with `isLast`, `chat.stopStream`. */
export function growStream(context: MethodContext, payload: Payload, isLast: boolean): SlackAnswer {
  const found = findOwn(context, payload);
  if (isRefused(found)) return found;
  const { conversation, message } = found;
  if (!isStreaming(context, message)) return refuse("message_not_in_streaming_state");
  const chunks = readChunks(payload.chunks);
  if (typeof chunks === "string") return refuse(chunks);
  // A stream takes text or chunks, as it began.
  const isText = payload.markdown_text !== undefined || payload.blocks !== undefined;
  if (message.cards === null ? chunks !== null : isText) return refuse("streaming_mode_mismatch");
  const added = chunks?.text ?? String(payload.markdown_text ?? "");
  const blocks = chunks?.blocks ?? readBlocks(payload.blocks);
  if (typeof blocks === "string") return refuse(blocks);
  if (added === "" && !isLast && chunks === null) return refuse("no_text");
  if (message.text.length + added.length > 12_000) return refuse("msg_too_long");
  message.text += added;
  for (const [id, card] of chunks?.cards ?? []) message.cards?.set(id, card);
  if (isLast) {
    Object.assign(message, { streamsUntil: null, blocks });
    setSession(conversation, message.threadTs ?? message.ts, String(payload.session_status ?? "active"));
  }
  context.world.changed();
  return { ok: true, channel: conversation.id, ts: message.ts };
}

function readContent(
  payload: Payload,
  most?: number,
): Pick<StoredMessage, "text" | "isMarkdown" | "blocks"> | string {
  const blocks = readBlocks(payload.blocks);
  if (typeof blocks === "string") return blocks;
  const words = readWords(payload, blocks, most === undefined ? {} : { most });
  return typeof words === "string" ? words : { ...words, blocks };
}

/** The first message of a thread; null: no thread; undefined: there is no such message. */
function readThread({ messages }: Conversation, given: unknown): string | null | undefined {
  if (given === undefined || given === null || given === "") return null;
  return messages.find(({ ts }) => ts === given)?.ts;
}

function findOwn(
  context: MethodContext,
  { channel, ts }: Payload,
): { conversation: Conversation; message: StoredMessage } | SlackAnswer {
  const conversation = findConversation(context, channel);
  if (isRefused(conversation)) return conversation;
  const message = conversation.messages.find((each) => each.ts === ts);
  if (message === undefined) return refuse("message_not_found");
  return message.user === null ? { conversation, message } : refuse("cant_update_message");
}

function isStreaming({ world }: MethodContext, { streamsUntil }: StoredMessage): boolean {
  return streamsUntil !== null && streamsUntil > world.clock.now();
}
