import type { WireTurnEvent } from "./wire.ts";

/** An answer as far as it has been written. */
export interface Draft {
  executionId: string;
  /** `id` of the newest event taken in: what comes up to here again is dropped. */
  position: number;
  text: string;
  /** What the bot does besides writing; null: nothing it tells. */
  activity: { kind: "thinking" } | { kind: "tool"; name: string } | null;
  /** Why there will be no answer; null while there may be one. */
  failure: string | null;
  /** Somebody stopped it: what was written stays. */
  stopped: boolean;
  /** Nobody works on it any more; how it ended may not have been told yet. */
  left: boolean;
}

export function newDraft(executionId: string): Draft {
  return { executionId, position: 0, text: "", activity: null, failure: null, stopped: false, left: false };
}

/** An answer that was stopped, as far as it had come. */
export function stoppedDraft(executionId: string, text: string): Draft {
  return { ...newDraft(executionId), text, stopped: true, position: Number.POSITIVE_INFINITY };
}

/**
 * Takes in one event of an answer. After every reconnection the answer is told from its start, cut into other pieces:
 * since text counts one per UTF-16 unit, the part of a piece that is known already can be cut off exactly.
 */
export function applyTurn(draft: Draft, { id, type, data }: WireTurnEvent): Draft {
  if (id <= draft.position) return draft;
  const text = typeof data.content === "string" ? data.content : "";
  const known = Math.max(0, draft.position - (id - text.length));
  const next = { ...draft, position: id };
  switch (type) {
    case "content":
      return { ...next, text: draft.text + text.slice(known), activity: null };
    case "thinking":
      return { ...next, activity: { kind: "thinking" } };
    case "tool_start":
      return { ...next, activity: { kind: "tool", name: String(data.name) } };
    case "tool_end":
      return { ...next, activity: null };
    case "done":
      return { ...next, text: outputOf(data) ?? draft.text, activity: null };
    case "error":
      if (data.code === "cancelled") return { ...next, activity: null, stopped: true };
      return { ...next, activity: null, failure: String(data.message ?? "There is no answer.") };
    default:
      return next;
  }
}

function outputOf(data: Record<string, unknown>): string | null {
  const output = data.output;
  if (typeof output !== "object" || output === null || !("content" in output)) return null;
  return typeof output.content === "string" ? output.content : null;
}
