import type { Bot, TurnAttachment, TurnInput } from "../bots/bot.ts";
import type { AgentDefinition } from "../core/agent-definition.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { ReplyLimits } from "../core/reply-parts.ts";
import type { ChannelRef } from "../core/runtime.ts";
import type { Stop } from "../core/stop.ts";
import type { Budgets } from "./budget.ts";
import type { Batch } from "./choose-batch.ts";
import type { TurnIncident } from "./execution-repository.ts";
import type { TurnCommit, TurnCommitted } from "./finish-repository.ts";
import type { LivePreview } from "./live-preview.ts";
import type { TurnEffects } from "./run-turn.ts";
import type { TurnLookups } from "./turn-context.ts";
import type { Lane, PendingMessage, TurnRepository } from "./turn-repository.ts";
import type { TurnStreams } from "./turn-streams.ts";

/** An agent version as turns need it. */
export interface LoadedAgent {
  id: string;
  version: number;
  definition: AgentDefinition;
  bot: Bot;
}

/** Files by the message they came with. */
export type TurnFiles = ReadonlyMap<string, readonly TurnAttachment[]>;

export interface TurnEngineDeps {
  repository: TurnRepository;
  streams: TurnStreams;
  /** The agent version a session runs on. */
  loadAgent(agentId: string, version: number): Promise<LoadedAgent>;
  channel(channelId: string): ChannelRef & ReplyLimits;
  /** The files of messages, by message, once they are here; after a while, or when the signal aborts, as they are. */
  attachments(messageIds: readonly string[], signal: AbortSignal): Promise<TurnFiles>;
  /** What a bot may look up, loaded when it does. */
  context(
    lane: Lane,
    agent: LoadedAgent,
    messages: readonly PendingMessage[],
    input: readonly TurnInput[],
  ): TurnLookups;
  /** What agents may use. */
  budgets: Budgets;
  /** Commits a turn, batched with others that end at the same time. */
  finish(commit: TurnCommit): Promise<TurnCommitted>;
  /** Commits a turn that changes more than its session's messages. */
  finishWithEffects(commit: TurnCommit, lane: Lane, effects: TurnEffects): Promise<TurnCommitted>;
  /** Carries out `/reset`; returns the lane of the new session if messages wait there already. */
  reset(lane: Lane, command: PendingMessage, agent: LoadedAgent): Promise<Lane | null>;
  /** Moves committed replies on. */
  deliver(lane: Lane, deliveryIds: string[]): void;
  /** Tells whoever watches the session. */
  notify(lane: Lane, notice: { type: "turn" | "messages"; executionId?: string }): void;
  /** Shows the user that an answer is being written, until the signal aborts. */
  showTyping(lane: Lane, signal: AbortSignal): void;
  previews: Previews;
  /** Keeps what went wrong with a turn. */
  noteIncident(incident: TurnIncident): Promise<void>;
  onTurnEnded(lane: Lane, status: string, seconds: number): void;
  clock: Clock;
  log: Logger;
}

/** Answers shown on the platform while they are written. */
export interface Previews {
  /** Null where the lane's channel shows nothing before it is sent. `left`: by a process that died answering the same. */
  open(lane: Lane, execution: { id: string; left: string | null }): LivePreview | null;
  /** The turn is over, and no delivery takes the place of what stands. */
  removeSoon(lane: Lane, executionId: string, preview: string): void;
  /** Another process answers and finishes what stands, unless there is nothing left to answer. */
  leave(lane: Lane, executionId: string, preview: string): void;
}

/** How a lane goes on: with what is known to wait, with what Postgres says waits, or not at all. */
export type Next = "more" | "reload" | "released";

/** A lane that is being worked on. */
export interface Running {
  lane: Lane;
  /** Of the turn that is being answered. */
  stop: Stop;
  /** What is being answered right now. */
  batch: Batch | null;
  policy: AgentDefinition["turns"]["policy"];
  /** A message came while nothing was being answered yet: what is known to wait is not all. */
  outdated: boolean;
}

/** What a write of a turn is conditional on. */
export function laneOf(lane: Lane): { sessionId: string; leaseToken: number } {
  return { sessionId: lane.sessionId, leaseToken: lane.leaseToken };
}
