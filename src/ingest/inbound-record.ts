import type { MessageContext } from "../core/message/message-context.ts";
import type { JsonObject } from "../core/text/json.ts";
import type { Gathering, InboundOutcome, InboundRow } from "./inbound-row.ts";

/** An album waits this long for its next part, milliseconds. Platforms send parts within a moment, in any order. */
export const GATHER_MS = 1_000;

/** A row of the result of the statement that stores messages. */
export interface ResultRow {
  resolvable: boolean;
  /** True if the session named by id is open. */
  open: boolean;
  lane_id: string | null;
  seq: number;
  lane_user: string | null;
  user_identifier: string;
  user_name: string | null;
  lane_agent: string;
  lane_version: number;
  owned: boolean;
  /** True if this statement took the lane. */
  took: boolean;
  lease_token: number;
  answered_seq: number;
  created: boolean;
  session_metadata: JsonObject;
  chosen: string | null;
  run_id: string | null;
  created_at: Date;
  /** True if an edit of the message came before it. */
  edited: boolean;
}

/** A message in the form that the statement reads. */
export function toRecord(row: InboundRow, n: number) {
  return {
    n,
    workspace_id: row.workspaceId,
    channel_id: row.channelId,
    agent_id: row.agentId,
    agent_version: row.agentVersion,
    session_id: row.sessionId,
    single: row.single,
    external_id: row.externalKey,
    address: row.address,
    user_identifier: row.userIdentifier,
    user_name: row.userName,
    profile: row.profile,
    message_id: row.messageId,
    role: row.role,
    origin: row.origin,
    content: row.content,
    payload: row.payload,
    choice: row.choice,
    metadata: row.metadata,
    execution_id: row.executionId,
    title: row.title,
    event_keys: row.eventKeys,
    new_session_id: row.newSessionId,
    new_user_id: row.newUserId,
    attachments: row.attachments.map((attachment, place) => ({
      id: attachment.id,
      place,
      kind: attachment.kind,
      name: attachment.name ?? null,
      content_type: attachment.contentType ?? null,
      bytes: attachment.bytes ?? null,
      platform_id: attachment.platformId,
    })),
    uploaded_to: row.uploads?.sessionId ?? null,
    uploads: row.uploads?.ids ?? [],
    // Most messages have none, so the key is left out: one key less to write and read.
    ...(row.context === null ? {} : contextRecord(row.context)),
    ...(row.replyReference === null ? {} : { reply_reference: row.replyReference }),
    ...(row.gathering === null ? {} : gatheringRecord(row.gathering)),
    ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
    ...(row.sessionMetadata === null ? {} : { opening_metadata: row.sessionMetadata }),
  };
}

function contextRecord({ author, sentAt, references }: MessageContext) {
  return {
    author,
    sent_at: sentAt,
    message_references: references.length === 0 ? null : references,
  };
}

function gatheringRecord({ albumKey }: Gathering) {
  return { album_key: albumKey, gather_ms: albumKey === null ? 0 : GATHER_MS };
}

export function toOutcome(row: ResultRow): InboundOutcome {
  if (row.lane_id === null) {
    if (row.resolvable) return { kind: "duplicate" };
    return row.open ? { kind: "upload_taken" } : { kind: "session_closed" };
  }
  return {
    kind: "accepted",
    sessionId: row.lane_id,
    seq: row.seq,
    user:
      row.lane_user === null
        ? null
        : { id: row.lane_user, identifier: row.user_identifier, name: row.user_name },
    agentId: row.lane_agent,
    agentVersion: row.lane_version,
    owned: row.owned,
    leaseToken: row.lease_token,
    answeredSeq: row.answered_seq,
    sessionCreated: row.created,
    sessionMetadata: row.session_metadata,
    payload: row.chosen,
    executionId: row.run_id,
    createdAt: row.created_at,
  };
}
