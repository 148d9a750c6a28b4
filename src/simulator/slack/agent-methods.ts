import { z } from "zod";
import {
  findConversation,
  isRefused,
  type MethodContext,
  type Payload,
  refuse,
  type SlackAnswer,
} from "./chat-methods.ts";
import { type Conversation, type SuggestedPrompt, setSession } from "./conversation.ts";

type Method = (context: MethodContext, payload: Payload) => SlackAnswer;

const STATUSES = ["active", "processing", "suspended", "closed"];
const LONGEST_TITLE = 200;

/** The methods of agents: sessions, the older status of threads, titles. */
export const agentMethods: Readonly<Record<string, Method>> = {
  "agents.sessions.setStatus": (context, { channel_id, thread_ts, status, title }) => {
    const found = findThread(context, channel_id, thread_ts);
    if (isRefused(found)) return found;
    const given = typeof title === "string" ? title : "";
    if (typeof status !== "string" || !STATUSES.includes(status) || given.length > LONGEST_TITLE)
      return refuse("invalid_arguments");
    const session = setSession(found.conversation, found.thread, status, given);
    context.world.changed();
    return { ok: true, status, agent_status: status, title: session.title };
  },
  "agents.sessions.rename": (context, { channel_id, thread_ts, title }) => {
    const found = findThread(context, channel_id, thread_ts);
    if (isRefused(found)) return found;
    const session = found.conversation.sessions.get(found.thread);
    if (session === undefined) return refuse("session_not_found");
    if (typeof title !== "string" || title === "" || title.length > LONGEST_TITLE)
      return refuse("invalid_arguments");
    session.title = title;
    context.world.changed();
    return { ok: true, title };
  },
  "assistant.threads.setStatus": (context, { channel_id, thread_ts, status }) => {
    const found = findConversation(context, channel_id);
    if (isRefused(found)) return found;
    if (typeof thread_ts !== "string" || typeof status !== "string") return refuse("invalid_arguments");
    if (status === "") found.statuses.delete(thread_ts);
    else found.statuses.set(thread_ts, status);
    context.world.changed();
    return { ok: true };
  },
  "assistant.threads.setTitle": () => ({ ok: true }),
  "assistant.threads.setSuggestedPrompts": (context, { channel_id, thread_ts, prompts }) => {
    const found = findConversation(context, channel_id);
    if (isRefused(found)) return found;
    const read = readPrompts(prompts);
    if (read === null) return refuse("invalid_arguments");
    // As for every app with `agent_view`, a call that names a thread has no effect.
    if (thread_ts === undefined) found.prompts = read;
    context.world.changed();
    return { ok: true };
  },
};

const promptsSchema = z.array(z.looseObject({ title: z.string().min(1), message: z.string().min(1) })).max(4);

function readPrompts(given: unknown): SuggestedPrompt[] | null {
  try {
    return promptsSchema.parse(typeof given === "string" ? JSON.parse(given) : given);
  } catch {
    return null;
  }
}

function findThread(
  context: MethodContext,
  channel: unknown,
  thread: unknown,
): { conversation: Conversation; thread: string } | SlackAnswer {
  const conversation = findConversation(context, channel);
  if (isRefused(conversation)) return conversation;
  const isThere = conversation.messages.some(({ ts }) => ts === thread);
  return typeof thread === "string" && isThere ? { conversation, thread } : refuse("thread_not_found");
}
