import type { OfferedAttachment, OfferedButton } from "./message-types.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import type { JsonObject } from "./types.ts";

/** What the bot is to say to a user: an instruction to it, or the message itself; exactly one of the two. */
export interface Said {
  promptText?: string;
  messageText?: string;
  buttons?: OfferedButton[];
  attachments?: OfferedAttachment[];
  /** Merged into the session's metadata, and into what is kept of the user. */
  sessionData?: JsonObject;
  participantData?: JsonObject;
}

interface Where {
  /** Id or slug. */
  agentId: string;
  /** The channel's name. */
  channel: string;
  startNewSession?: boolean;
  ignoreQuietHours?: boolean;
}

/** `identifier` names the user on the platform; one that is new is made. */
export interface Trigger extends Where, Said {
  identifier: string;
}

/** What is said to each of many; what an item leaves out is everybody's. */
export interface TriggerBatch extends Where, Said {
  items: (Said & { identifier: string })[];
}

/** What a trigger came to; `scheduleId` and `sendsAt` where quiet hours put it off. */
export interface Triggered {
  sessionId?: string;
  /** Of the turn that writes the message, for a prompt. */
  executionId?: string;
  /** Of the message itself, for a text. */
  deliveryIds?: string[];
  scheduleId?: string;
  sendsAt?: string;
  warnings?: { code: string; message: string }[];
}

export interface TriggeredItem extends Triggered {
  identifier: string;
  status: "accepted" | "failed";
  error?: { code: string; message: string };
}

export type Triggers = ReturnType<typeof createTriggers>;

/** The bot speaks first. */
export function createTriggers(transport: Transport) {
  return {
    send: (trigger: Trigger, options?: RequestOptions): Promise<Triggered> =>
      transport.request({ method: "POST", path: "/trigger_bot_message", body: trigger }, options),

    /** To many users at once; each has an outcome of its own. */
    sendBatch: (batch: TriggerBatch, options?: RequestOptions): Promise<{ data: TriggeredItem[] }> =>
      transport.request({ method: "POST", path: "/trigger_bot_message/batch", body: batch }, options),
  };
}
