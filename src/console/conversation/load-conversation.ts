import { callApi } from "../server/call.ts";
import type { Delivery, Execution, Message, Page, Session, User } from "../server/wire.ts";
import type { Conversation } from "./conversation.ts";

const SHOWN = "include=notice,instruction,tool";
const PAGE = 50;
const LAST_SEQ = 2 ** 31 - 1;

/**
 * Loads a conversation, or what is new in it.
 * @param known what was loaded before; null at first.
 */
export async function loadConversation(
  id: string,
  known: Conversation | null,
  signal: AbortSignal,
): Promise<Conversation> {
  const last = known?.messages.at(-1)?.seq;
  const range = last === undefined ? `before_seq=${LAST_SEQ}&limit=${PAGE}` : `after_seq=${last}&limit=100`;
  const [session, page, deliveries, executions] = await Promise.all([
    callApi<Session>("GET", `/chat/sessions/${id}`, { signal }),
    listMessages(id, range, signal),
    callApi<Page<Delivery>>("GET", `/deliveries?session_id=${id}&limit=100`, { signal }),
    callApi<Page<Execution>>("GET", `/executions?session_id=${id}&limit=100`, { signal }),
  ]);
  return {
    session,
    user: known?.user ?? (await loadUser(session.user_id, signal)),
    messages: [...(known?.messages ?? []), ...page.data],
    hasEarlier: last === undefined ? page.meta.total > page.data.length : (known?.hasEarlier ?? false),
    deliveries: deliveries.data,
    executions: executions.data,
  };
}

/** Adds the messages before the first one that is shown. */
export async function withEarlier(known: Conversation, signal: AbortSignal): Promise<Conversation> {
  const first = known.messages[0]?.seq ?? LAST_SEQ;
  const { data } = await listMessages(known.session.id, `before_seq=${first}&limit=${PAGE}`, signal);
  return { ...known, messages: [...data, ...known.messages], hasEarlier: data.length === PAGE };
}

function listMessages(id: string, range: string, signal: AbortSignal): Promise<Page<Message>> {
  return callApi("GET", `/chat/sessions/${id}/messages?${range}&${SHOWN}`, { signal });
}

/** Null for a conversation of nobody, and for a key that may not read users. */
async function loadUser(id: string | null, signal: AbortSignal): Promise<User | null> {
  if (id === null) return null;
  return callApi<User>("GET", `/users/${id}`, { signal }).catch(() => null);
}
