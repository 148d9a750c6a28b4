import type { Button } from "../core/message/button.ts";
import type { Logger } from "../core/process/logger.ts";

/** A conversation that has, or had, a session. */
export interface KnownConversation {
  /** The id of its sessions. It differs from the requested one if the message was found in another conversation. */
  externalKey: string;
  /** The user of the session; null if it has none. */
  userIdentifier: string | null;
  /** The agent (its slug) that answers in it. */
  agent: string;
}

/** A user's last message, as far as the platform delivered it. */
export interface LastUserMessage {
  /** The time of the message, by the platform's clock if the channel gave it. */
  at: Date;
  /** The event keys that the channel gave with the message; none if the user has only opened the chat. */
  eventKeys: string[];
}

/** The buttons of a message that we sent. */
export interface OfferedButtons {
  /** The conversation of the message. A press from another conversation is invalid. */
  address: string;
  /** The address it was sent to, if the conversation has moved since. */
  sentTo?: string;
  buttons: readonly Button[];
}

/**
 * Small values that a channel stores in the database, by key. All its processes share them. A secret is stored through
 * `sealValues` of the kit.
 */
export interface ChannelValues {
  read(key: string): Promise<Buffer | null>;
  /** Stores the value under the key, in place of an earlier one. */
  write(key: string, value: Buffer, lifetime?: ValueLifetime): Promise<void>;
  /** Stores the value unless the key has one. Returns true for exactly one of several simultaneous callers. */
  add(key: string, value: Buffer, lifetime?: ValueLifetime): Promise<boolean>;
  remove(key: string): Promise<void>;
  /**
   * Changes a value while no other process can, and leaves its expiry. `change` may be slow. Null if there is no value.
   */
  update(key: string, change: (current: Buffer) => Promise<Buffer>): Promise<Buffer | null>;
  /** All values whose keys begin with `prefix`, in the order of their keys. */
  list(prefix: string): AsyncIterable<{ key: string; value: Buffer }>;
}

/** From the end of its lifetime a value counts as absent. Without one it stays until it is removed. */
export interface ValueLifetime {
  expiresInMs: number;
}

export interface ChannelOptions<Config> {
  /** The channel's name in the configuration file, also in its webhook URL. */
  name: string;
  config: Config;
  /** The URL for platforms, without a trailing slash. `isPublic` is false if it leads only to this machine. */
  publicUrl: { url: string; isPublic: boolean };
  /**
   * The newest session, active or completed, with an external key on this channel. Otherwise it is the session that
   * contains the message of an event key. Null if there never was one. It serves platforms on which a message is for us
   * only if its thread is. Rejects during a database outage.
   */
  findConversation(externalKey: string, eventKey?: string): Promise<KnownConversation | null>;
  /**
   * The newest of a user's sessions whose external keys begin with any of these. It must be open, and the user must not
   * have written in it, so the bot began it. It serves platforms on which an answer need not refer to a message.
   * Rejects during a database outage.
   */
  findUnanswered(userIdentifier: string, begins: readonly string[]): Promise<KnownConversation | null>;
  /**
   * The last message that the user at an address wrote on the platform; null if there never was one. It serves
   * platforms on which that message decides what may be sent. Rejects during a database outage.
   */
  lastUserMessage(address: string): Promise<LastUserMessage | null>;
  /** Returns true if the user has refused marketing messages on the platform. Rejects during a database outage. */
  refusesMarketing(userIdentifier: string): Promise<boolean>;
  /**
   * The buttons of a message of ours on this channel; null if it has none, or is gone. Platforms carry a reference (see
   * `pressReference`) instead of the payload. So the payload may have any length and cannot be forged. Rejects during a
   * database outage.
   */
  findButtons(messageId: string): Promise<OfferedButtons | null>;
  /** True for a conversation of this channel that is a desk. Nothing in it is ever a message to the bot. */
  isDesk(conversation: string): boolean;
  values: ChannelValues;
  log: Logger;
}
