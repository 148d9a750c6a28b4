import { callApi } from "../server/call.ts";
import type { Delivery, Execution, ListedFeedback, Message, Page, Session, User } from "../server/wire.ts";
import type { Conversation } from "./conversation.ts";
import { seqToReadFrom } from "./seq-to-read-from.ts";

const SHOWN = "include=notice,instruction,tool";
const PAGE = 50;
const LAST_SEQ = 2 ** 31 - 1;

/**
 * Loads a conversation, or its new parts. @param known the part that is loaded already; null at first. @param at the
 * `seq` of a message that a link leads to; null: the newest messages.
 */
export async function loadConversation(
  id: string,
  { known, at }: { known: Conversation | null; at: number | null },
  signal: AbortSignal,
): Promise<Conversation> {
  const [session, part, deliveries, executions, feedback] = await Promise.all([
    callApi<Session>("GET", `/chat/sessions/${id}`, { signal }),
    known === null ? firstPart(id, at, signal) : newPart(id, known, signal),
    callApi<Page<Delivery>>("GET", `/deliveries?session_id=${id}&limit=100`, { signal }),
    callApi<Page<Execution>>("GET", `/executions?session_id=${id}&limit=100`, { signal }),
    callApi<Page<ListedFeedback>>("GET", `/feedback?session_id=${id}&limit=100`, { signal }),
  ]);
  return {
    session,
    user: known?.user ?? (await loadUser(session.user_id, signal)),
    ...part,
    deliveries: deliveries.data,
    executions: executions.data,
    feedback: feedback.data,
  };
}

type Part = Pick<Conversation, "messages" | "hasEarlier" | "hasLater">;

async function firstPart(id: string, at: number | null, signal: AbortSignal): Promise<Part> {
  if (at === null) {
    const { data, meta } = await listMessages(id, `before_seq=${LAST_SEQ}&limit=${PAGE}`, signal);
    return { messages: data, hasEarlier: meta.total > data.length, hasLater: false };
  }
  const after = Math.max(0, at - PAGE / 2);
  const { data, meta } = await listMessages(id, `after_seq=${after}&limit=${PAGE}`, signal);
  return { messages: data, hasEarlier: after > 0, hasLater: meta.next_cursor !== null };
}

/** While later messages are missing, new ones would leave a gap. */
async function newPart(id: string, known: Conversation, signal: AbortSignal): Promise<Part> {
  const { messages, hasEarlier, hasLater } = known;
  if (hasLater) return { messages, hasEarlier, hasLater };
  const { data } = await listMessages(id, `after_seq=${seqToReadFrom(messages)}&limit=100`, signal);
  const bySeq = new Map([...messages, ...data].map((message) => [message.seq, message]));
  return { messages: [...bySeq.values()], hasEarlier, hasLater };
}

/** Loads the messages before the first one that is shown, or after the last one. */
export async function loadMore(
  known: Conversation,
  side: "earlier" | "later",
  signal: AbortSignal,
): Promise<Page<Message>> {
  const { id } = known.session;
  return side === "earlier"
    ? listMessages(id, `before_seq=${known.messages[0]?.seq ?? LAST_SEQ}&limit=${PAGE}`, signal)
    : listMessages(id, `after_seq=${known.messages.at(-1)?.seq ?? 0}&limit=${PAGE}`, signal);
}

/** Adds loaded messages that are not shown yet. Pure. */
export function withMore(now: Conversation, page: Page<Message>, side: "earlier" | "later"): Conversation {
  const { messages } = now;
  if (side === "earlier") {
    const first = messages[0]?.seq ?? LAST_SEQ;
    const earlier = page.data.filter(({ seq }) => seq < first);
    return { ...now, messages: [...earlier, ...messages], hasEarlier: page.data.length === PAGE };
  }
  const last = messages.at(-1)?.seq ?? 0;
  const later = page.data.filter(({ seq }) => seq > last);
  return { ...now, messages: [...messages, ...later], hasLater: page.meta.next_cursor !== null };
}

function listMessages(id: string, range: string, signal: AbortSignal): Promise<Page<Message>> {
  return callApi("GET", `/chat/sessions/${id}/messages?${range}&${SHOWN}`, { signal });
}

/** Null for a conversation of nobody, and for a key that may not read users. */
async function loadUser(id: string | null, signal: AbortSignal): Promise<User | null> {
  if (id === null) return null;
  return callApi<User>("GET", `/users/${id}`, { signal }).catch(() => null);
}
