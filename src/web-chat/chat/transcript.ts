import { applyTurn, type Draft, newDraft, stoppedDraft } from "./draft.ts";
import type { WireMessage, WirePage, WireState, WireTurn } from "./wire.ts";

/** The known data of one session: stored messages, unfinished answers, and executions still waited for. */
export interface Transcript {
  /** Ascending by seq. */
  messages: readonly WireMessage[];
  /** In the expected order of the answers. */
  drafts: readonly Draft[];
  waiting: readonly string[];
  status: "active" | "completed";
  title: string | null;
  hasEarlier: boolean;
}

export const emptyTranscript: Transcript = {
  messages: [],
  drafts: [],
  waiting: [],
  status: "active",
  title: null,
  hasEarlier: false,
};

/** The seq after which the stream must continue. */
export function seenSeq(transcript: Transcript): number {
  return transcript.messages.at(-1)?.seq ?? 0;
}

/** Adds stored messages, each once and at its place. A stored answer replaces its draft. */
export function withMessages(transcript: Transcript, added: readonly WireMessage[]): Transcript {
  const bySeq = new Map(transcript.messages.map((message) => [message.seq, message]));
  for (const message of added) bySeq.set(message.seq, message);
  const messages = [...bySeq.values()].sort((left, right) => left.seq - right.seq);
  const answered = new Set(
    added.filter(({ role }) => role === "assistant").map((answer) => answer.execution_id),
  );
  const drafts = transcript.drafts.filter(({ executionId }) => !answered.has(executionId));
  return { ...transcript, messages, drafts };
}

/** Adds a page of stored messages, and the written parts of stopped answers. */
export function withPage(transcript: Transcript, page: WirePage): Transcript {
  const next = withMessages(transcript, page.data);
  const known = new Set(next.drafts.map(({ executionId }) => executionId));
  const stopped = page.stopped.filter(({ execution_id: id }) => !known.has(id));
  const drafts = stopped.map(({ execution_id: id, content }) => stoppedDraft(id, content));
  return { ...next, drafts: [...drafts, ...next.drafts], hasEarlier: page.meta.has_more };
}

/** Applies one event of an unfinished answer, unless that answer is already stored or not waited for. */
export function withTurn(
  transcript: Transcript,
  { execution_id: executionId, event }: Omit<WireTurn, "session_id">,
): Transcript {
  const known = transcript.drafts.find((draft) => draft.executionId === executionId);
  const isAnswered = transcript.messages.some(
    (message) => message.role === "assistant" && message.execution_id === executionId,
  );
  if (isAnswered || (!known && !transcript.waiting.includes(executionId))) return transcript;
  const next = applyTurn(known ?? newDraft(executionId), event);
  // An answer that ended after it was left is stored, alone or as part of another answer.
  if (next.left && event.type === "done") return withoutDraft(transcript, executionId);
  const drafts = known
    ? transcript.drafts.map((draft) => (draft === known ? next : draft))
    : [...transcript.drafts, next];
  return { ...transcript, drafts };
}

function withoutDraft(transcript: Transcript, executionId: string): Transcript {
  const drafts = transcript.drafts.filter((draft) => draft.executionId !== executionId);
  return { ...transcript, drafts };
}

/**
 * The state of the session. A draft that nothing works on stays while its end may still be reported. It stays for good
 * if it has an error, or was stopped with some text.
 */
export function withState(
  transcript: Transcript,
  { status, title, waiting }: Omit<WireState, "session_id">,
): Transcript {
  const drafts = transcript.drafts.flatMap((draft) => {
    const { executionId, failure, stopped, text, left } = draft;
    if (waiting.includes(executionId) || failure !== null || (stopped && text !== "")) return draft;
    return left || stopped || text === "" ? [] : { ...draft, left: true };
  });
  return { ...transcript, status, title, waiting, drafts };
}

/** The seq of the bot's newest message; 0 if there is none. */
export function newestAnswer({ messages }: Transcript): number {
  return messages.findLast(({ role }) => role === "assistant")?.seq ?? 0;
}

/** Returns true if an answer is expected that nobody has stopped. */
export function isAnswering({ waiting, drafts }: Transcript): boolean {
  return waiting.some((id) => !drafts.some((draft) => draft.executionId === id && draft.stopped));
}
