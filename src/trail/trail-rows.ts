import type { MessageContext, StoredReference } from "../core/message/message-context.ts";
import type { Json, JsonObject } from "../core/text/json.ts";
import type { AccessFacts } from "./describe-access.ts";

/** All stored data of one turn, or of one message outside of turns. Times come from the database. */
export interface TrailRows {
  /** The message that the caller asked for. */
  messageId: string;
  session: SessionFacts;
  /** The messages of the turn that need an answer, oldest first. Empty for an unprompted message. */
  questions: QuestionRow[];
  /** The bot run that answers them; null if there is no turn. */
  turn: TurnRow | null;
  /** The turn of an earlier message that still ran when the first of these messages arrived. */
  previousTurn: { id: string; endedAt: Date | null } | null;
  /** The replies of the turn, oldest first, or the one unprompted message. */
  replies: ReplyRow[];
  deliveries: DeliveryRow[];
  incidents: IncidentRow[];
  /** Firings of event rules for one of these messages. */
  firings: FiringRow[];
  /** The handoff in which a person was to answer it; null for most. */
  handoff: HandoffFacts | null;
  /** The request that gave its sender access; null for most. */
  access: AccessFacts | null;
  attachments: AttachmentRow[];
}

export interface HandoffFacts {
  id: string;
  reason: string | null;
  holderName: string | null;
  holderVia: string | null;
  requestedAt: Date;
  takenAt: Date | null;
  releasedAt: Date | null;
}

export interface SessionFacts {
  id: string;
  createdAt: Date;
  status: string;
  single: boolean;
  externalKey: string | null;
  channel: string;
  kind: string;
  agent: string;
  agentVersion: number;
  /** The published `turns` settings of the version. */
  turns: JsonObject;
  /** The session that this one replaced. */
  previous: { id: string; endReason: string | null } | null;
  /** True if a process holds the session's lease now. */
  isLeased: boolean;
  /** The channel sends nothing before this time. Null if it is not paused. */
  pausedUntil: Date | null;
}

export interface QuestionRow {
  id: string;
  seq: number;
  origin: string;
  content: string;
  createdAt: Date;
  /** Time at which the user wrote it, by the platform's clock. */
  sentAt: Date | null;
  author: MessageContext["author"];
  /** The messages that it refers to. */
  references: StoredReference[] | null;
  /** True if several platform events may belong to this one message. */
  collectsParts: boolean;
  /** Time at which its sound was transcribed, or known to have no words; null: it has no sound. */
  listenedAt: Date | null;
  /** The transcription in `metadata`; null if it was not heard. */
  transcription: Json;
  /** The platform's time of its newest edit; null: it was not edited. */
  editedAt: string | null;
  /** The platform's time of its newest edit after its turn had begun; null: there was none. */
  lateEditAt: string | null;
  /** Keys of its platform events, or of the cause of an unprompted turn. */
  keys: string[];
  /** Its own execution, if it has one. */
  executionId: string | null;
  mergedInto: string | null;
}

export interface TurnRow {
  id: string;
  /** The message that it answers; the newest of several. */
  userMessageId: string | null;
  traceparent: string | null;
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

export interface ReplyRow {
  id: string;
  /** The person who said it in the bot's place. */
  person: string | null;
  origin: string;
  content: string;
  createdAt: Date;
  keys: string[];
  /** The header of the call that sent these words without a turn; null for most. */
  traceparent: string | null;
}

export interface DeliveryRow {
  id: string;
  messageId: string;
  /** The channel of the desk that gets a copy of the message. Null: the delivery is for the user. */
  deskChannel: string | null;
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
  /** An earlier delivery to the same address that was not finished when this one was created. */
  blockedBy: { id: string; status: string; settledAt: Date } | null;
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
