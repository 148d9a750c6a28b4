import type { AgentCatalog } from "../agents/agent-catalog.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { Logger } from "../core/process/logger.ts";
import type { Handoffs } from "../handoffs/handoffs-repository.ts";
import type { Ingest } from "../ingest/accept-inbound.ts";
import type { Admissions } from "../ingest/admissions-repository.ts";
import type { Hub } from "../queue/hub.ts";
import type { NotifySession } from "../sessions/session-notices.ts";
import type { Database } from "../storage/database.ts";
import type { AskedAgain, Asking } from "../turns/answering/ask-again-repository.ts";
import type { TurnContexts } from "../turns/prompt/turn-context.ts";
import type { TurnStreams } from "../turns/streams/turn-streams.ts";
import type { UploadStore } from "./bodies/uploads.ts";
import type { SendFile } from "./streams/file-response.ts";

/** The running service, in the parts that routes use. */
export interface Service {
  engine: ServiceEngine;
  channels: ChannelDirectory;
  agents: AgentCatalog;
  pipeline: ServicePipeline;
  attachments: ServiceFiles;
  log: Logger;
}

export interface ServiceEngine {
  database: Database;
  hub: Hub;
}

export interface ServicePipeline {
  ingest: Ingest;
  handoffs: Handoffs;
  admissions: Admissions;
  contexts: Pick<TurnContexts, "prompt">;
  streams: Pick<TurnStreams, "follow">;
  /** The message that claimed an event key, as the answer to a repeated request. */
  messageOfEvent(channelId: string, eventKey: string): Promise<string | null>;
  /** Stops an execution. Returns false if it had already ended. */
  cancelExecution(executionId: string): Promise<boolean>;
  /** Lets the bot answer the messages of a failed turn once more. */
  askAgain(asking: Asking): Promise<AskedAgain>;
  /** Sessions were erased, so any work in them may stop. */
  stopSessions(sessionIds: readonly string[]): void;
  /** Starts the sending of committed deliveries. */
  enqueueDeliveries(channelId: string, deliveryIds: readonly string[]): void;
  notifySession: NotifySession;
}

export interface ServiceFiles {
  uploads: UploadStore;
  sendFile: SendFile;
}
