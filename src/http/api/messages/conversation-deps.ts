import type { ChannelRef } from "../../../core/session/runtime.ts";
import type { Ingest } from "../../../ingest/accept-inbound.ts";
import type { MessageQueries } from "../../../sessions/message-queries-repository.ts";
import type { SessionQueries } from "../../../sessions/session-queries-repository.ts";
import type { SessionWrites } from "../../../sessions/session-writes-repository.ts";
import type { ExecutionQueries } from "../../../turns/answering/execution-queries-repository.ts";
import type { TurnStreams } from "../../../turns/streams/turn-streams.ts";
import type { UploadStore } from "../../bodies/uploads.ts";
import type { RateLimit } from "../../server/rate-limit.ts";

/** Dependencies of the conversations of API callers. */
export interface ConversationDeps {
  stores: {
    sessions: SessionQueries;
    writes: Pick<SessionWrites, "successor">;
    messages: MessageQueries;
    executions: Pick<ExecutionQueries, "find" | "ending" | "log">;
  };
  /** Null while the channel does not run (disabled, removed from the configuration). */
  channel(channelId: string): ChannelRef | null;
  ingest: {
    acceptMessage: Ingest["acceptMessage"];
    messageOfEvent(channelId: string, eventKey: string): Promise<string | null>;
  };
  follow: TurnStreams["follow"];
  uploads: Pick<UploadStore, "find">;
  /** The rate of messages of one user, over any key or connection. */
  userRate: RateLimit;
}
