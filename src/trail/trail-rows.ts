import type { Json, JsonObject } from "../core/json.ts";

/** Everything the ledger has of one turn, or of one message outside of turns. Times are the database's. */
export interface TrailRows {
  /** What was asked about. */
  messageId: string;
  session: SessionFacts;
  /** The messages of the turn that wanted an answer, oldest first; empty for what was said without being asked. */
  asked: AskedRow[];
  /** The run of the bot that answers them; null for what is no turn. */
  turn: TurnRow | null;
  /** The turn of an earlier message that was still under way when the first of them came. */
  ahead: { id: string; endedAt: Date | null } | null;
  /** What was said in the turn, or the one message, oldest first. */
  said: SaidRow[];
  deliveries: DeliveryRow[];
  incidents: IncidentRow[];
  /** Firings of event rules that were about one of these messages. */
  firings: FiringRow[];
  attachments: AttachmentRow[];
}

export interface SessionFacts {
  id: string;
  createdAt: Date;
  status: string;
  single: boolean;
  externalId: string | null;
  channel: string;
  kind: string;
  agent: string;
  agentVersion: number;
  /** The version's `turns`, as published. */
  turns: JsonObject;
  /** The session this one took over from. */
  previous: { id: string; endReason: string | null } | null;
  /** Somebody works on the session's turns now. */
  isHeld: boolean;
  /** The channel sends nothing before; null where it does. */
  pausedUntil: Date | null;
}

export interface AskedRow {
  id: string;
  seq: number;
  origin: string;
  content: string;
  createdAt: Date;
  /** What its platform event is known by, or what made the bot be asked. */
  keys: string[];
  /** Its own run of the bot, where it has one. */
  executionId: string | null;
  mergedInto: string | null;
}

export interface TurnRow {
  id: string;
  seq: number;
  status: string;
  attempts: number;
  errorCode: string | null;
  error: string | null;
  cancelRequestedAt: Date | null;
  totalTokens: number | null;
  createdAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
}

export interface SaidRow {
  id: string;
  origin: string;
  content: string;
  createdAt: Date;
  keys: string[];
}

export interface DeliveryRow {
  id: string;
  messageId: string;
  part: number;
  status: string;
  attempts: number;
  errorCode: string | null;
  error: string | null;
  possibleDuplicate: boolean;
  createdAt: Date;
  updatedAt: Date;
  sentAt: Date | null;
  nextAttemptAt: Date | null;
  /** An earlier delivery to the same address that was not settled when this one was made. */
  behind: { id: string; status: string; settledAt: Date } | null;
}

export interface IncidentRow {
  subjectId: string;
  attempt: number;
  code: string;
  reason: string;
  outcome: string;
  nextAt: Date | null;
  at: Date;
}

export interface FiringRow {
  id: string;
  event: string;
  rule: number;
  status: string;
  reason: string | null;
  results: Json[];
  createdAt: Date;
  endedAt: Date | null;
}

export interface AttachmentRow {
  id: string;
  name: string | null;
  state: string;
  error: string | null;
  createdAt: Date;
  updatedAt: Date;
}
