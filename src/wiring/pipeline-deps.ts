import type { AgentCatalog } from "../agents/agent-catalog.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { Logger } from "../core/logger.ts";
import type { Room } from "../core/room.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { AttachmentParts } from "./attachment-parts.ts";
import type { Engine } from "./engine.ts";

/** Times the pipeline works with, milliseconds. Tests shorten them. */
export interface PipelineTimes {
  leaseMs: number;
  heartbeatMs: number;
  /** How long a send may be under way before its sender is presumed dead. */
  sendLeaseMs: number;
  sendTimeoutMs: number;
  reconcileMs: number;
  /** How long a due delivery may lie before the reconciler moves it. */
  strandedMs: number;
  /** How long a stop waits for turns under way before it hands them back. */
  stopGraceMs: number;
}

export const PIPELINE_TIMES: PipelineTimes = {
  leaseMs: 10_000,
  heartbeatMs: 3_000,
  sendLeaseMs: 60_000,
  sendTimeoutMs: 30_000,
  reconcileMs: 2_000,
  strandedMs: 5_000,
  stopGraceMs: 15_000,
};

export interface PipelineDeps {
  engine: Engine;
  channels: ChannelDirectory;
  agents: AgentCatalog;
  attachments: AttachmentParts;
  role: "all" | "web" | "worker";
  metrics: Metrics;
  /** For messages on their way into the database. */
  room: Room;
  log: Logger;
  times?: Partial<PipelineTimes>;
}

/** What the parts of the pipeline share. */
export interface PartDeps extends Omit<PipelineDeps, "times" | "room"> {
  times: PipelineTimes;
  /** This process, in leases and claims. */
  owner: string;
  /** Whether this process runs turns and sends. */
  works: boolean;
}
