import type { Logger } from "../../core/process/logger.ts";
import type { ChannelRef } from "../../core/session/runtime.ts";
import type { VisitorAuth } from "../../core/session/visitor.ts";
import type { Ingest } from "../../ingest/accept-inbound.ts";
import type { RatingRepository } from "../../sessions/rating-repository.ts";
import type { SessionFeedRepository } from "../../sessions/session-feed-repository.ts";
import type { VisitorRepository, VisitorSession } from "../../sessions/visitor-repository.ts";
import type { VisitorSessions } from "../../sessions/visitor-sessions-repository.ts";
import type { TurnStreams } from "../../turns/streams/turn-streams.ts";
import type { UploadStore } from "../bodies/uploads.ts";
import type { CallerOf } from "../server/caller-address.ts";
import type { SendFile } from "../streams/file-response.ts";
import type { PageAssets } from "./page-assets.ts";
import type { VisitorPoll } from "./visitor-poll.ts";
import type { WebLimits } from "./web-limits.ts";

/** A running web channel for its routes. */
export interface WebChannel {
  ref: ChannelRef;
  auth: VisitorAuth;
  /** Origins of other sites whose pages may call. */
  allowedOrigins: readonly string[];
  title: string | null;
  greeting: string | null;
  /** True if visitors may rate answers. */
  ratings: boolean;
  /** First messages offered to a visitor as buttons. */
  starters: readonly string[];
  /** The file types a visitor may send: single types, or a whole family (`image/*`). */
  attachmentTypes: readonly string[];
}

/** The channel's agent, as its visitors meet it. */
export interface WebAgent {
  name: string;
  /** The longest voice message that it hears, seconds; null if it hears none. */
  hearsSeconds: number | null;
}

/** The question that the page asks before it starts a session over. */
export interface ResetOffer {
  /** The visitor's rights on the prompt of the bot's first message. */
  prompt: "editable" | "readonly" | "hidden";
  /** The agent's own prompt for it; null if it has none. */
  seedMessage: string | null;
  /** True if the agent has rules for the end of this session. */
  endEvents: boolean;
}

/** The prompt of the bot's first message, and its author. */
export interface Opening {
  prompt: string;
  by: "operator" | "visitor";
}

export interface SessionActs {
  /** Completes a session. Returns false if it was already completed. */
  end(sessionId: string, options: { triggerEvents: boolean }): Promise<boolean>;
  /** Stops the running answer and all waiting ones. Returns the stopped executions. */
  stop(sessionId: string): Promise<string[]>;
  resetOffer(channel: ChannelRef, session: VisitorSession): Promise<ResetOffer>;
  /**
   * Completes a session and opens the next one, in which the bot follows the prompt. Returns null if the session was
   * completed in another way. A repeated call returns the session that the first call opened.
   */
  reset(
    channel: ChannelRef,
    sessionId: string,
    options: { triggerEvents: boolean; opening: Opening | null },
  ): Promise<{ sessionId: string } | null>;
}

/** The pages of web channels. */
export interface WebSite {
  /** The web channel of that name; null for an unknown or disabled one, and for other kinds. */
  channel(name: string): WebChannel | null;
  agent(channel: ChannelRef): Promise<WebAgent>;
  assets(): Promise<PageAssets>;
  /** The URL for browsers, without a trailing slash. */
  publicUrl: string;
}

/** The sessions of visitors, and what visitors do in them. */
export interface WebSessions {
  all: VisitorSessions;
  acts: SessionActs;
  accept: Ingest["acceptMessage"];
  ratings: Pick<RatingRepository, "rate">;
  /** Returns true if a session ever offered this button. */
  wasOffered(sessionId: string, button: { label: string; payload: string }): Promise<boolean>;
  /** The open session after a completed one, opened if there is none; null if there is no such session. */
  successor(sessionId: string): Promise<string | null>;
}

/** Notices between the processes. They are best effort. */
export interface WebNotices {
  /** Calls the listener when there may be news, in any process. */
  watch(id: string, listener: () => void): () => void;
  /** Notifies every watcher. */
  announce(id: string): void;
}

/** The live events of sessions, and of visitors' lists of sessions. */
export interface WebNews {
  feed: SessionFeedRepository;
  follow: TurnStreams["follow"];
  sessions: WebNotices;
  visitors: WebNotices;
  poll: VisitorPoll;
}

/** The limits of the web routes, and the end of the server. */
export interface WebTraffic {
  callerOf: CallerOf;
  limits: WebLimits;
  /** Aborts when the server stops. Open streams end, so that clients go to another process. */
  draining: AbortSignal;
  log: Logger;
}

/** The parts of the service that the web routes use. */
export interface WebDeps {
  site: WebSite;
  visitors: VisitorRepository;
  sessions: WebSessions;
  files: { uploads: UploadStore; send: SendFile };
  news: WebNews;
  traffic: WebTraffic;
}
