import type { PlannedDelivery } from "../access/cards-repository.ts";
import type { Refusal } from "../access/decide-access.ts";
import type { InboundAttachment } from "../core/message/inbound-message.ts";
import type { MessageContext } from "../core/message/message-context.ts";
import type { AccessSettings } from "../core/session/access-settings.ts";
import type { JsonObject } from "../core/text/json.ts";

/** One message to store, with all ids that it may need, so that one statement stores it. */
export interface InboundRow {
  workspaceId: string;
  channelId: string;
  agentId: string;
  agentVersion: number;
  /** A session named by id (web, api). Null: found by the user or the external key. */
  sessionId: string | null;
  single: boolean;
  externalKey: string | null;
  address: string;
  userIdentifier: string;
  userName: string | null;
  profile: JsonObject;
  messageId: string;
  role: "user" | "system";
  origin: "user" | "command" | "instruction";
  content: string;
  /** The payload of a pressed button. */
  payload: string | null;
  /** Without a payload: the possible choice among the session's buttons, see `choiceOf`. */
  choice: string | null;
  metadata: JsonObject;
  /** Added to the session's metadata, if the session does not have the same keys yet; null for most. */
  sessionMetadata: JsonObject | null;
  /** Null for a command, because it is not a run of the bot. Not used while a person answers. */
  executionId: string | null;
  /** Becomes the session's title if it has none. */
  title: string | null;
  eventKeys: readonly string[];
  /** Files that the platform stores. Their rows are created now, and their content is loaded later. */
  attachments: readonly ({ id: string } & InboundAttachment)[];
  /** Files uploaded earlier into the session named here. A message that cannot have all of them is not stored. */
  uploads: { sessionId: string; ids: readonly string[] } | null;
  /** The author, the time and the references; null if there are none. */
  context: MessageContext | null;
  /** The platform's token that a reply uses to answer the message. */
  replyReference: string | null;
  /** Further events may belong to it; null for most. */
  gathering: Gathering | null;
  /** The header of an API call whose trace goes on here; null for most. */
  traceparent: string | null;
  /** The rules about access here, and the sender's names. Null: everybody has access. */
  access: { settings: AccessSettings; names: readonly string[] } | null;
  newSessionId: string;
  newUserId: string;
}

/** The data by which the events of one message find each other. */
export interface Gathering {
  /** The album of the part, by conversation. */
  albumKey: string | null;
  /** It is for the bot only if another part of its album is. */
  onlyWithAlbum: boolean;
  /** An event of the same key may add to it, or it may add to one. */
  supplements: boolean;
  /** It replaces the words of a waiting message: the one with the same `replyReference`, or with this event key. */
  edits: boolean | { eventKey: string };
}

/** A message that waited until its sender got access, and its outcome. */
export interface ReleasedMessage {
  row: InboundRow;
  outcome: InboundOutcome;
}

/**
 * The outcome of storing one message. `released`: messages of the same sender that waited, stored before it.
 * `storedAs`: the message that was stored instead, without the code of an invite, or with the words of its edit.
 */
export type InboundOutcome = StoredOutcome & {
  released?: readonly ReleasedMessage[];
  storedAs?: InboundRow;
};

type StoredOutcome =
  | {
      kind: "accepted";
      sessionId: string;
      seq: number;
      user: { id: string; identifier: string; name: string | null } | null;
      /** The session's own agent. In a session named by id it may differ from the channel's agent. */
      agentId: string;
      agentVersion: number;
      /** True if the lane now belongs to this process under `leaseToken`. */
      owned: boolean;
      leaseToken: number;
      /** Messages up to this seq need no answer. */
      answeredSeq: number;
      sessionCreated: boolean;
      sessionMetadata: JsonObject;
      /** The payload of the press or choice; null for most. */
      payload: string | null;
      /** The turn that will answer it; null for a command, or if a person answers. */
      executionId: string | null;
      createdAt: Date;
    }
  /** It joined a message that waits for its turn, as a part of its album, another event, or an edit. */
  | { kind: "joined"; sessionId: string; messageId: string }
  /** It waits for a part of its album that is for the bot, or for the message that it edits. */
  | { kind: "held" }
  /** It edits a message that does not wait for its turn; nothing was stored. */
  | { kind: "not_waiting" }
  /** One of the event keys is known; nothing was stored. */
  | { kind: "duplicate" }
  /** The session named by id is completed or gone; nothing was stored, not even the event keys. */
  | { kind: "session_closed" }
  /**
   * Another message has one of its uploads, perhaps a very recent one; nothing was stored. Or it is this message,
   * repeated.
   */
  | { kind: "upload_taken" }
  /** It waits until its sender gets access. `planned`: the deliveries to the sender and to approvers. */
  | { kind: "pending"; requestId: string; planned: readonly PlannedDelivery[] }
  /** Its sender has no access, and it was not kept. */
  | { kind: "refused"; because: Refusal };

export interface LeaseClaim {
  owner: string;
  /** False on a process that runs no turns. Its lanes are left for a worker. */
  claim: boolean;
  leaseMs: number;
}
