import { applyTurn, type Draft, newDraft } from "./draft.ts";
import type { WireMessage, WireState, WireTurn } from "./wire.ts";

/** What is known of one session: stored messages, answers being written, what is still waited for. */
export interface Transcript {
  /** Ascending by seq. */
  messages: readonly WireMessage[];
  /** In the order the answers are expected. */
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

/** Seq behind which the stream has to go on. */
export function seenSeq(transcript: Transcript): number {
  return transcript.messages.at(-1)?.seq ?? 0;
}

/** Adds stored messages, each once, wherever they belong. A stored answer takes the place of its draft. */
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

/** Takes in one event of an answer being written, unless that answer is stored already. */
export function withTurn(transcript: Transcript, { execution_id: executionId, event }: WireTurn): Transcript {
  const isAnswered = transcript.messages.some(
    (message) => message.role === "assistant" && message.execution_id === executionId,
  );
  if (isAnswered) return transcript;
  const known = transcript.drafts.find((draft) => draft.executionId === executionId);
  const next = applyTurn(known ?? newDraft(executionId), event);
  const drafts = known
    ? transcript.drafts.map((draft) => (draft === known ? next : draft))
    : [...transcript.drafts, next];
  return { ...transcript, drafts };
}

/** How the session stands. A draft nobody works on any more is dropped, unless it says why there is no answer. */
export function withState(transcript: Transcript, { status, title, waiting }: WireState): Transcript {
  const drafts = transcript.drafts.filter(
    (draft) => waiting.includes(draft.executionId) || draft.failure !== null,
  );
  return { ...transcript, status, title, waiting, drafts };
}
