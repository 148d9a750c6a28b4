import type { KeptUpload, NewUpload } from "../../attachments/uploads.ts";
import type { Bot, TurnAttachment, TurnInput } from "../../bots/bot.ts";
import type { Answered, SilentOutcome } from "../../core/message/outbound.ts";
import type { ReplyLimits } from "../../core/message/reply-parts.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { Stop } from "../../core/process/stop.ts";
import type { AgentDefinition } from "../../core/session/agent-definition.ts";
import type { ChannelRef } from "../../core/session/runtime.ts";
import type { Clock } from "../../core/time/clock.ts";
import type { Synthesize } from "../../speech/synthesize.ts";
import type { Transcribe } from "../../speech/transcribe.ts";
import type { Budgets } from "../budgets/budget.ts";
import type { HearingRepository } from "../hearing/hearing-repository.ts";
import type { Batch } from "../lanes/choose-batch.ts";
import type { PendingMessage } from "../lanes/pending-messages-repository.ts";
import type { Lane, TurnRepository } from "../lanes/turn-repository.ts";
import type { TurnLookups } from "../prompt/turn-context.ts";
import type { LivePreview } from "../streams/live-preview.ts";
import type { TurnStreams } from "../streams/turn-streams.ts";
import type { NoteIncident } from "./note-incident.ts";
import type { BeginTurnSpan } from "./trace-turn.ts";
import type { TurnCommit, TurnCommitted } from "./turn-commit.ts";
import type { TurnEffects } from "./turn-outcome.ts";

/** An agent version with the data that turns need. */
export interface LoadedAgent {
  id: string;
  version: number;
  definition: AgentDefinition;
  bot: Bot;
}

/** Files by their message. */
export type TurnFiles = ReadonlyMap<string, readonly TurnAttachment[]>;

/** Dependencies of the turn engine. */
export interface TurnEngineDeps {
  /** The lanes of this process, and their channels and agents. */
  lanes: {
    repository: TurnRepository;
    /** The agent version of a session. */
    loadAgent(agentId: string, version: number): Promise<LoadedAgent>;
    channel(channelId: string): ChannelRef & ReplyLimits;
    /** The budgets of agents. */
    budgets: Budgets;
  };
  /** The data that a turn gives to its bot. */
  input: {
    /**
     * The files of messages, by message, once they are loaded. After a while, or when the signal aborts, their current
     * state is returned.
     */
    attachments(messageIds: readonly string[], signal: AbortSignal): Promise<TurnFiles>;
    /** The data that a bot may look up, loaded on demand. */
    context(
      lane: Lane,
      agent: LoadedAgent,
      messages: readonly PendingMessage[],
      input: readonly TurnInput[],
    ): TurnLookups;
  };
  /** Voice messages, heard and spoken. */
  voice: {
    /** Turns voice messages into words. */
    hearing: { repository: HearingRepository; transcribe: Transcribe };
    /** Turns replies into voice messages, and keeps these as files. */
    speaking: { synthesize: Synthesize; keep(upload: NewUpload): Promise<KeptUpload> };
  };
  /** Commits of turns. Each one is made only while the lease is valid. */
  commits: {
    /**
     * Commits a turn, batched with others that end at the same time. The sends of its replies may begin with the commit.
     */
    finish(commit: TurnCommit, lane: Lane): Promise<TurnCommitted>;
    /** Commits a turn that changes more than its session's messages. */
    finishWithEffects(commit: TurnCommit, lane: Lane, effects: TurnEffects): Promise<TurnCommitted>;
    /** Runs `/reset`. Returns the lane of the new session if messages already wait there. */
    reset(lane: Lane, command: PendingMessage, agent: LoadedAgent): Promise<Lane | null>;
    /** Requests a person because a user's message asks for one. */
    handOff(lane: Lane, message: PendingMessage): Promise<void>;
  };
  /** Everything that users and followers see of a turn. */
  shown: {
    streams: TurnStreams;
    /** Starts the delivery of committed replies. */
    deliver(lane: Lane, deliveryIds: string[]): void;
    /** Notifies the followers of a session. */
    notify(lane: Lane, notice: { type: "turn" | "messages"; executionId?: string }): void;
    /** Shows the user that the bot answers the messages, until the signal aborts. */
    showTyping(lane: Lane, signal: AbortSignal, messages: readonly PendingMessage[]): void;
    /** A turn, or a message that waited for one, has ended and nothing is sent for it. */
    onSilence(lane: Lane, turn: SilentTurn, outcome: SilentOutcome): void;
    previews: Previews;
  };
  /** Spans, incidents, metrics and log lines of turns. */
  records: {
    /** Begins the span of a turn. */
    trace: BeginTurnSpan;
    /** Stores an incident of a turn. */
    noteIncident: NoteIncident;
    onTurnEnded(lane: Lane, status: string, seconds: number): void;
    clock: Clock;
    log: Logger;
  };
}

export interface SilentTurn {
  /** Null for a command, because the bot is not asked. */
  executionId: string | null;
  answers: Answered | null;
}

/** Unfinished answers shown on the platform. */
export interface Previews {
  /**
   * Null if the lane's channel shows nothing before it is sent. `left`: the preview of a process that died while
   * answering the same.
   */
  open(lane: Lane, execution: { id: string; left: string | null }): LivePreview | null;
  /** The turn has ended, and no delivery replaces its preview. */
  removeSoon(lane: Lane, executionId: string, preview: string): void;
  /** Another process answers and finishes the preview, unless nothing is left to answer. */
  leave(lane: Lane, executionId: string, preview: string): void;
}

/** The next step of a lane: the known messages, a new read of waiting messages, the next reset, or nothing. */
export type Next = "more" | "reload" | "reset" | "released";

/** A lane in progress. */
export interface Running {
  lane: Lane;
  /** The stop of the current turn. */
  stop: Stop;
  /** The current batch. */
  batch: Batch | null;
  /** The batch is being heard. A newer message does not interrupt that, because its words are needed in any case. */
  hearing: boolean;
  policy: AgentDefinition["turns"]["policy"];
  /** A message came before the first answer began, so the known messages are not all that wait. */
  outdated: boolean;
  /** Number of restarts of its work after an outage. */
  again: number;
  /** The time of the turn's last sign of progress; null while it waits for another attempt. */
  signAt: number | null;
  /** The user asked for a reset, which waits for the turn. */
  resetWaits: boolean;
}

/** The next step of a lane after a commit. */
export function nextAfter(committed: Extract<TurnCommitted, { kind: "committed" }>): Next {
  if (!committed.more) return "released";
  return committed.edited ? "reload" : "more";
}

/** The condition of every write of a turn. */
export function laneOf(lane: Lane): { sessionId: string; leaseToken: number } {
  return { sessionId: lane.sessionId, leaseToken: lane.leaseToken };
}
