import type { Logger } from "../../core/logger.ts";
import type { ChannelRef } from "../../core/runtime.ts";
import type { VisitorDoor } from "../../core/visitor.ts";
import type { Ingest } from "../../ingest/accept-inbound.ts";
import type { SessionFeedRepository } from "../../sessions/session-feed-repository.ts";
import type { VisitorRepository, VisitorSession } from "../../sessions/visitor-repository.ts";
import type { VisitorSessions } from "../../sessions/visitor-sessions-repository.ts";
import type { TurnStreams } from "../../turns/turn-streams.ts";
import type { OpenFile } from "../file-response.ts";
import type { AttachmentDesk } from "../uploads.ts";
import type { PageAssets } from "./page-assets.ts";
import type { Recheck } from "./recheck.ts";
import type { WebLimits } from "./web-limits.ts";

/** A running web channel as its routes need it. */
export interface WebChannel {
  ref: ChannelRef;
  door: VisitorDoor;
  /** Origins of other sites whose pages may call. */
  allowedOrigins: readonly string[];
  title: string | null;
  greeting: string | null;
  /** What a visitor may begin with, as buttons. */
  starters: readonly string[];
  /** The files a visitor may send: types, or all of a family (`image/*`). */
  attachmentTypes: readonly string[];
}

/** What starting over asks for. */
export interface ResetOffer {
  /** What the visitor may do with the prompt of the bot's first message. */
  prompt: "editable" | "readonly" | "hidden";
  /** The agent's own prompt for it; null: it has none. */
  seedMessage: string | null;
  /** Whether the agent has rules for the end of this session. */
  endEvents: boolean;
}

export interface SessionActs {
  /** Completes a session; false where it was completed already. */
  end(sessionId: string, options: { triggerEvents: boolean }): Promise<boolean>;
  /** Stops what is being answered and what waits for an answer; which executions those were. */
  stop(sessionId: string): Promise<string[]>;
  resetOffer(channel: ChannelRef, session: VisitorSession): Promise<ResetOffer>;
  /**
   * Completes a session and opens the next, in which the bot follows the prompt; null where it was completed otherwise
   * already. Repeated, it finds the session that the first call opened.
   */
  reset(
    channel: ChannelRef,
    sessionId: string,
    options: { triggerEvents: boolean; prompt: string | null },
  ): Promise<{ sessionId: string } | null>;
}

/** What the web routes use of the rest of the service. */
export interface WebDeps {
  /** The web channel of that name; null for an unknown or disabled one, and for other kinds. */
  channel(name: string): WebChannel | null;
  visitors: VisitorRepository;
  sessions: VisitorSessions;
  /** What the channel's agent calls itself. */
  agentName(channel: ChannelRef): Promise<string>;
  feed: SessionFeedRepository;
  acts: SessionActs;
  accept: Ingest["acceptMessage"];
  /** Whether a session ever offered this button. */
  wasOffered(sessionId: string, button: { label: string; payload: string }): Promise<boolean>;
  /** The open session that follows a completed one, opened where there is none; null: there is no such session. */
  successor(sessionId: string): Promise<string | null>;
  follow: TurnStreams["follow"];
  /** Calls the listener when something may be new in a session, in whichever process. Best effort. */
  watch(sessionId: string, listener: () => void): () => void;
  /** Tells every watcher of a session. */
  announce(sessionId: string): void;
  /** The same for a visitor's list of sessions. */
  watchVisitor(visitorId: string, listener: () => void): () => void;
  announceVisitor(visitorId: string): void;
  recheck: Recheck;
  desk: AttachmentDesk;
  openFile: OpenFile;
  assets(): Promise<PageAssets>;
  /** Where browsers reach us, without a trailing slash. */
  publicUrl: string;
  limits: WebLimits;
  /** Aborts when the server stops: open streams end, so that clients go to another process. */
  draining: AbortSignal;
  log: Logger;
}
