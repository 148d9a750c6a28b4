import {
  attemptOf,
  inRangeOf,
  type LogEntry,
  replay,
  startOfAttempt,
  type TurnEvent,
} from "../../core/session/turn-log.ts";
import type { JsonObject } from "../../core/text/json.ts";

/** Adds the events of a notice to a follower's inbox. */
export function takeNotice({ event, entries }: JsonObject, inbox: TurnEvent[]): void {
  if (event) inbox.push(event as unknown as TurnEvent);
  if (Array.isArray(entries)) inbox.push(...replay(entries as unknown as LogEntry[], 0));
}

/** The rest of a stream whose turn has ended. */
export function* endOf(
  log: LogEntry[],
  position: number,
  tell: (event: TurnEvent) => TurnEvent | null,
): Generator<TurnEvent> {
  for (const event of replay(inRangeOf(position, log), position)) {
    const news = tell(event);
    if (news) yield news;
  }
}

/**
 * The part of an event that is new after `position`: all of it, the rest of its text, or nothing. It is unknown if an
 * event between them is missing.
 */
export function trim(event: TurnEvent, position: number): TurnEvent | "seen" | "gap" {
  if (event.id <= position) return "seen";
  const text = event.type === "content" || event.type === "thinking" ? event.data.content : null;
  const start = event.id - (typeof text === "string" ? text.length : 1);
  // A further attempt begins at a much higher id than the events of the attempt before.
  if (start > position && start !== startOfAttempt(attemptOf(event.id))) return "gap";
  if (typeof text !== "string" || start >= position) return event;
  return { ...event, data: { content: text.slice(position - start) } };
}
