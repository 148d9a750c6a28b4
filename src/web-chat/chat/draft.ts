import type { WireTurnEvent } from "./wire.ts";

/** The part of an answer written so far. */
export interface Draft {
  executionId: string;
  /** `id` of the newest applied event. Repeated events up to here are dropped. */
  position: number;
  text: string;
  /** The bot's activity besides writing; null if it reports none. */
  activity: { kind: "thinking" } | { kind: "tool"; name: string } | null;
  /** The reason why there will be no answer; null while one may come. */
  failure: string | null;
  /** A person stopped it. The written text stays. */
  stopped: boolean;
  /** Nothing works on it any more, but its end may still be unknown. */
  left: boolean;
}

export function newDraft(executionId: string): Draft {
  return { executionId, position: 0, text: "", activity: null, failure: null, stopped: false, left: false };
}

/** A stopped answer, with the text written so far. */
export function stoppedDraft(executionId: string, text: string): Draft {
  return { ...newDraft(executionId), text, stopped: true, position: Number.POSITIVE_INFINITY };
}

/**
 * Applies one event of an answer. After every reconnection the answer is sent again from its start, cut into other
 * pieces. Each UTF-16 unit counts one, so the known part of a piece can be cut off exactly.
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
