import type { JsonObject } from "../text/json.ts";

/** One event of a turn's stream, as Server-Sent Events, WebSockets and the client carry it. */
export interface TurnEvent {
  /**
   * Increases along the stream. Text counts one per UTF-16 unit, any other event counts one. A further attempt begins
   * at a much higher id.
   */
  id: number;
  type: "execution" | "thinking" | "tool_start" | "tool_end" | "content" | "done" | "error";
  data: JsonObject;
}

/** One stored entry of the stream. Adjacent pieces of text are one entry. */
export interface LogEntry {
  type: TurnEvent["type"];
  data: JsonObject;
  /** The id after which the entry begins, if that is not the end of the entry before. */
  after?: number;
}

/** Every id of one attempt is lower than all ids of the next attempt. No answer is this long. */
const ATTEMPT_WIDTH = 1_000_000_000;

/** The id after which an attempt begins; 0 for the first attempt. */
export const startOfAttempt = (attempts: number): number => attempts * ATTEMPT_WIDTH;

/** The index of the attempt that an event belongs to. */
export const attemptOf = (id: number): number => Math.max(0, Math.ceil(id / ATTEMPT_WIDTH) - 1);

/**
 * The stream of one turn. Text advances the id by its length, so ids do not depend on how the text is split into
 * deltas. A live stream can therefore continue from the compacted log, on any process. Nothing is lost or repeated.
 */
export interface TurnLog {
  append(type: TurnEvent["type"], data: JsonObject): TurnEvent;
  /** The events that a subscriber who has seen up to `afterId` still needs. */
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

/** @param attempts the number of earlier attempts at this answer. Their events stay separate. */
export function createTurnLog(attempts = 0): TurnLog {
  const entries: LogEntry[] = [];
  let position = startOfAttempt(attempts);
  return {
    append(type, data) {
      const entry: LogEntry =
        entries.length === 0 && attempts > 0 ? { type, data, after: position } : { type, data };
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

/** The events of a stored log after `afterId`. A text entry that the subscriber already has in part is cut there. */
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

/** Converts a stored log to the log of a later attempt. Events of other attempts are not part of it. */
export function asLaterAttempt([first, ...rest]: readonly LogEntry[], attempts: number): LogEntry[] {
  return first ? [{ ...first, after: (first.after ?? 0) + startOfAttempt(attempts) }, ...rest] : [];
}

/** The attempt number for the answer of a merged message. It is higher than every attempt of the answer itself. */
const MERGED_ATTEMPT = 1_000;

/** A stored log for the followers of a message that was answered together with another one. */
export const asMerged = (log: readonly LogEntry[]): LogEntry[] => asLaterAttempt(log, MERGED_ATTEMPT);

/**
 * A stored log for a follower who has seen ids up to `afterId`. The stream of a merged message names the execution that
 * answers it. So a follower may use the merged message's ids for that execution too.
 */
export function inRangeOf(afterId: number, log: LogEntry[]): LogEntry[] {
  const begin = log[0]?.after ?? 0;
  return attemptOf(afterId) >= MERGED_ATTEMPT && begin < startOfAttempt(MERGED_ATTEMPT) ? asMerged(log) : log;
}
