import type { OfferedButton } from "./message-types.ts";
import type { PageQuery } from "./types.ts";

/** The handoff of a session. */
export interface OpenHandoff {
  id: string;
  state: "requested" | "taken";
  /** The reason of the request. */
  reason: string | null;
  desk: string | null;
  holder: { name: string; via: string } | null;
  requestedAt: string;
  takenAt: string | null;
  /** Time at which the bot answers again if no person writes before. */
  idleAt: string | null;
}

/** A stretch of a session in which people answer instead of the bot. */
export interface Handoff {
  id: string;
  sessionId: string;
  agentId: string;
  channel: string;
  userId: string | null;
  state: "requested" | "taken" | "released";
  /** Once it is released: `released`, `idle` or `session_ended`. */
  reason: string | null;
  requestReason: string | null;
  source: "api" | "bot" | "event" | "user" | "failure" | "phone";
  desk: string | null;
  note: string | null;
  holder: { name: string; via: string } | null;
  requestedAt: string;
  takenAt: string | null;
  releasedAt: string | null;
  /** Time at which the bot answers again if no person writes before. */
  idleAt: string | null;
}

export interface ListHandoffs extends PageQuery {
  state?: Handoff["state"];
  agentId?: string;
  channel?: string;
  desk?: string;
}

export interface RequestHandoff {
  reason?: string;
  /** Default: the agent's own. */
  desk?: string;
  /** For the person who answers. */
  note?: string;
}

export interface HandoffReply {
  /** Optional if there are files. */
  content?: string;
  buttons?: OfferedButton[];
  attachmentIds?: string[];
}

export interface ReleaseHandoff {
  resume?: "next" | "now";
  /** An instruction to the bot, which it carries out at once. */
  prompt?: string;
  /** The person's last words. */
  text?: string;
}
