import type { JsonObject } from "./json.ts";

/** One event of a turn's stream: what Server-Sent Events, WebSockets and the client carry. */
export interface TurnEvent {
  /** Grows along the stream. Text counts one per UTF-16 unit, any other event one; a further try begins far behind. */
  id: number;
  type: "execution" | "thinking" | "tool_start" | "tool_end" | "content" | "done" | "error";
  data: JsonObject;
}

/** A stretch of the stream as it is kept: adjacent text is one entry. */
export interface LogEntry {
  type: TurnEvent["type"];
  data: JsonObject;
  /** The id it begins behind, where that is not the end of the entry before. */
  after?: number;
}

/** Every id of one try of an answer is below those of the next try. No answer is as long. */
const TRY_WIDTH = 1_000_000_000;

/** The id that a try begins behind; the first one is 0. */
export const startOfTry = (tries: number): number => tries * TRY_WIDTH;

/** Which try an event belongs to. */
export const tryOf = (id: number): number => Math.max(0, Math.ceil(id / TRY_WIDTH) - 1);

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

/** @param tries how often the answer was begun before: what those tries told stays apart. */
export function createTurnLog(tries = 0): TurnLog {
  const entries: LogEntry[] = [];
  let position = startOfTry(tries);
  return {
    append(type, data) {
      const entry: LogEntry =
        entries.length === 0 && tries > 0 ? { type, data, after: position } : { type, data };
      position += width(entry);
      const text = textOf(entry);
      const last = entries.at(-1);
      const lastText = last && last.type === type ? textOf(last) : null;
      if (last && text !== null && lastText !== null) last.data = { content: lastText + text };
      else entries.push(text === null ? entry : { ...entry, data: { content: text } });
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
    const start = entry.after ?? position;
    position = start + width(entry);
    if (position <= afterId) continue;
    const text = textOf(entry);
    const data = text !== null && start < afterId ? { content: text.slice(afterId - start) } : entry.data;
    events.push({ id: position, type: entry.type, data });
  }
  return events;
}

/** A kept log as that of a later try: what somebody was told of another one is no part of it. */
export function asLaterTry([first, ...rest]: readonly LogEntry[], tries: number): LogEntry[] {
  return first ? [{ ...first, after: (first.after ?? 0) + startOfTry(tries) }, ...rest] : [];
}
