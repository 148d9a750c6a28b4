import type { ReplyLimits } from "../core/message/reply-parts.ts";
import type { UnpromptedMessage } from "../core/message/unprompted-message.ts";
import type { ChannelRef } from "../core/session/runtime.ts";
import type { JsonObject } from "../core/text/json.ts";
import type { TriggerOutcome } from "./trigger-outcome.ts";

/** A request that the bot sends a message to a user. */
export interface Trigger {
  channel: ChannelRef & ReplyLimits;
  agentId: string;
  identifier: string;
  /** The only session that may receive it. Null or missing: the most recently used open session, or a new one. */
  sessionId?: string | null;
  message: UnpromptedMessage;
  startNewSession: boolean;
  /** Merge patch (RFC 7396), like `participantData`. */
  sessionData: JsonObject;
  participantData: JsonObject;
  metadata: JsonObject;
  /** Earliest time for the message. The session and the data do not wait. Null: it is sent now. */
  notBefore: Date | null;
  /** Required variables of the agent that have no value. So no session can be opened. */
  missing?: readonly string[];
  /** Idempotency key: repeated requests with the same key are processed once. */
  key: string;
  /** The header of the call whose trace goes on with it. */
  traceparent?: string | null;
}

export type Refused = Extract<TriggerOutcome, { kind: "handoff" | "variables_missing" }>;

/** Rolls back everything that a trigger changed, because the bot may not speak. */
export class NotSpoken extends Error {
  readonly outcome: Refused;

  constructor(outcome: Refused) {
    super(outcome.kind);
    this.outcome = outcome;
  }
}
