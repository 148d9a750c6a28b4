import type { OfferedAttachment, OfferedButton } from "./message-types.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import type { JsonObject } from "./types.ts";

/** A message to a user: an instruction to the bot, or the message itself. Exactly one of the two. */
export interface MessageContent {
  promptText?: string;
  messageText?: string;
  /** Format of `messageText`: sent word for word (the default), or shown as Markdown. */
  format?: "text" | "markdown";
  buttons?: OfferedButton[];
  attachments?: OfferedAttachment[];
  /** Merged into the session's metadata, like `participantData` into the user's participant data. */
  sessionData?: JsonObject;
  participantData?: JsonObject;
}

interface Target {
  /** Id or slug. */
  agentId: string;
  /** The channel's name. */
  channel: string;
  startNewSession?: boolean;
  ignoreQuietHours?: boolean;
}

/** A message to one user. `identifier` is the user's name on the platform; a new user is created. */
export interface Trigger extends Target, MessageContent {
  identifier: string;
}

/** Messages to many users. An item inherits the fields that it leaves out. */
export interface TriggerBatch extends Target, MessageContent {
  items: (MessageContent & { identifier: string })[];
}

/** The result of a trigger. `scheduleId` and `sendsAt` are present if quiet hours delay it. */
export interface TriggerResult {
  sessionId?: string;
  /** For a prompt: the turn that writes the message. */
  executionId?: string;
  /** For a text: the deliveries of the message. */
  deliveryIds?: string[];
  scheduleId?: string;
  sendsAt?: string;
  warnings?: { code: string; message: string }[];
}

export interface TriggeredItem extends TriggerResult {
  identifier: string;
  status: "accepted" | "failed";
  error?: { code: string; message: string };
}

/** The outlook of a message to one person. */
export interface TriggerCheck {
  identifier: string;
  /** Null: they are new. */
  user: { id: string; identifier: string; name: string | null } | null;
  reachable: { ok: boolean; code: string | null; reason: string | null; since: string | null };
  /** The time at which a message would go, in quiet hours. Null: at once. */
  quietUntil: string | null;
  /** The open session, which the message joins or ends. */
  session: { id: string; title: string | null; handoff: boolean } | null;
  /** Another agent, to which a rule handed them. The message takes them back from it. */
  handedTo: { agentId: string; sessionId: string } | null;
}

export type Triggers = ReturnType<typeof createTriggers>;

/** Unprompted messages from the bot. */
export function createTriggers(transport: Transport) {
  return {
    send: (trigger: Trigger, options?: RequestOptions): Promise<TriggerResult> =>
      transport.request({ method: "POST", path: "/trigger_bot_message", body: trigger }, options),

    /** Checks what would happen to messages, and sends nothing. */
    check: (
      asked: {
        agentId: string;
        channel: string;
        items: { identifier: string; participantData?: JsonObject }[];
      },
      options?: RequestOptions,
    ): Promise<{ data: TriggerCheck[] }> =>
      transport.request({ method: "POST", path: "/trigger_bot_message/check", body: asked }, options),

    /** Sends messages to many users at once. Each user has a separate result. */
    sendBatch: (batch: TriggerBatch, options?: RequestOptions): Promise<{ data: TriggeredItem[] }> =>
      transport.request({ method: "POST", path: "/trigger_bot_message/batch", body: batch }, options),
  };
}
