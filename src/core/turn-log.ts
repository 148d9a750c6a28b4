import type { JsonObject } from "./json.ts";

/** One event of a turn's stream: what Server-Sent Events, WebSockets and the client carry. */
export interface TurnEvent {
  /** Grows along the stream. Text counts one per UTF-16 unit, any other event one. */
  id: number;
  type: "execution" | "thinking" | "tool_start" | "tool_end" | "content" | "done" | "error";
  data: JsonObject;
}

/** A stretch of the stream as it is kept: adjacent text is one entry. */
export interface LogEntry {
  type: TurnEvent["type"];
  data: JsonObject;
}

/**
 * The stream of one turn. Because text advances the id by its length, any cut of the text into deltas has consistent
 * ids: a stream followed live can be resumed from the compacted log, on any process, with nothing lost or repeated.
 */
export interface TurnLog {
  append(type: TurnEvent["type"], data: JsonObject): TurnEvent;
  /** What a subscriber who has seen up to `afterId` still has to see. */
  since(afterId: number): TurnEvent[];
  entries(): LogEntry[];
}

const width = (entry: LogEntry): number => {
  const text = textOf(entry);
  return text === null ? 1 : text.length;
};

function textOf(entry: LogEntry): string | null {
  if (entry.type !== "content" && entry.type !== "thinking") return null;
  return typeof entry.data["content"] === "string" ? entry.data["content"] : "";
}

export function createTurnLog(): TurnLog {
  const entries: LogEntry[] = [];
  let position = 0;
  return {
    append(type, data) {
      const entry: LogEntry = { type, data };
      position += width(entry);
      const text = textOf(entry);
      const last = entries.at(-1);
      const lastText = last && last.type === type ? textOf(last) : null;
      if (last && text !== null && lastText !== null) last.data = { content: lastText + text };
      else entries.push(text === null ? entry : { type, data: { content: text } });
      return { id: position, type, data };
    },
    since: (afterId) => replay(entries, afterId),
    entries: () => entries,
  };
}

/** The events of a kept log after `afterId`; a text entry the subscriber has in part is cut there. */
export function replay(entries: readonly LogEntry[], afterId: number): TurnEvent[] {
  const events: TurnEvent[] = [];
  let position = 0;
  for (const entry of entries) {
    const start = position;
    position += width(entry);
    if (position <= afterId) continue;
    const text = textOf(entry);
    const data = text !== null && start < afterId ? { content: text.slice(afterId - start) } : entry.data;
    events.push({ id: position, type: entry.type, data });
  }
  return events;
}
