import type { LogEntry } from "../../core/session/turn-log.ts";
import type { Json, JsonObject } from "../../core/text/json.ts";

/** Notices between processes. They are best effort, because Postgres has the authoritative state. */
export interface Notices {
  publish(topic: string, data: JsonObject, options: { remote: boolean }): void;
  subscribe(topic: string, listener: (data: Json) => void): () => void;
}

/** The stored state of an execution: its stream, after it has ended. */
export type StoredStream = { ended: false } | { ended: true; log: LogEntry[] };

/** The topic of the notices about one turn. */
export const topicOf = (executionId: string): string => `turn.${executionId}`;
