/**
 * The origin of a request. `user`: the user's message asked for it. `failure`: a turn failed. `phone`: the owner wrote
 * from their own phone.
 */
export type HandoffSource = "api" | "bot" | "event" | "user" | "failure" | "phone";
export type HandoffState = "requested" | "taken" | "released";
export type ReleaseReason = "released" | "idle" | "session_ended";

/** A person who answers, in the form that users and operators see. */
export interface Holder {
  name: string;
  /** The way of the person's answers: `api`, `console`, `slack`, `telegram`, `phone`. */
  via: string;
}

/** A person who acts on a handoff. The id identifies them, whatever name they give. */
export interface Person {
  id: string;
  /** Null: the name of the API key. */
  name: string | null;
  via: string;
}

/** A stretch of a session in which people answer instead of the bot. */
export interface Handoff {
  id: string;
  workspaceId: string;
  sessionId: string;
  agentId: string;
  channel: string;
  userId: string | null;
  state: HandoffState;
  source: HandoffSource;
  /** The reason of the request. */
  requestReason: string | null;
  releaseReason: ReleaseReason | null;
  desk: string | null;
  note: string | null;
  holder: Holder | null;
  requestedAt: Date;
  takenAt: Date | null;
  releasedAt: Date | null;
  idleAt: Date | null;
}

/** The conversation of a channel where people are asked. */
export interface DeskPlace {
  channelId: string;
  conversation: string;
}

/** A session, as far as handoffs need it. */
export interface HandoffSession {
  id: string;
  channelId: string;
  agentId: string;
  agentVersion: number;
}
