import type { ChannelRef } from "../../core/runtime.ts";
import type { VisitorDoor } from "../../core/visitor.ts";
import type { Ingest } from "../../ingest/accept-inbound.ts";
import type { SessionFeedRepository } from "../../sessions/session-feed-repository.ts";
import type { VisitorRepository } from "../../sessions/visitor-repository.ts";
import type { TurnStreams } from "../../turns/turn-streams.ts";
import type { PageAssets } from "./page-assets.ts";
import type { WebLimits } from "./web-limits.ts";

/** A running web channel as its routes need it. */
export interface WebChannel {
  ref: ChannelRef;
  door: VisitorDoor;
  /** Origins of other sites whose pages may call. */
  allowedOrigins: readonly string[];
  title: string | null;
  greeting: string | null;
}

export interface SessionActs {
  /** Completes a session; false where it was completed already. */
  end(sessionId: string, options: { triggerEvents: boolean }): Promise<boolean>;
  /** Completes a session and opens the next; null where it was completed already. */
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
  feed: SessionFeedRepository;
  acts: SessionActs;
  accept: Ingest["acceptMessage"];
  /** The open session that follows a completed one, opened where there is none; null: there is no such session. */
  successor(sessionId: string): Promise<string | null>;
  follow: TurnStreams["follow"];
  /** Calls the listener when something may be new in a session, in whichever process. Best effort. */
  watch(sessionId: string, listener: () => void): () => void;
  /** Tells every watcher of a session. */
  announce(sessionId: string): void;
  assets(): Promise<PageAssets>;
  /** Where browsers reach us, without a trailing slash. */
  publicUrl: string;
  limits: WebLimits;
  /** Aborts when the server stops: open streams end, so that clients go to another process. */
  draining: AbortSignal;
}
