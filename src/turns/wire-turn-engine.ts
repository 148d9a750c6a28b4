import type { AgentCatalog } from "../agents/agent-catalog.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { Clock } from "../core/time/clock.ts";
import type { ReserveClaim } from "../delivery/commit-claims.ts";
import type { Handoffs } from "../handoffs/handoffs-repository.ts";
import { requestForUser } from "../handoffs/request-for-user.ts";
import type { NotifySession } from "../sessions/session-notices.ts";
import { synthesize } from "../speech/synthesize.ts";
import { createTranscriber } from "../speech/transcribe.ts";
import { createChannelSigns } from "./answering/channel-signs.ts";
import { createClaimingCommits } from "./answering/claim-replies.ts";
import { createTurnCommits, turnPatience } from "./answering/commit-turns.ts";
import type { ExecutionRepository } from "./answering/execution-repository.ts";
import { createFinishRepository } from "./answering/finish-repository.ts";
import { createIncidentNotes } from "./answering/note-incident.ts";
import { createTurnSpans } from "./answering/trace-turn.ts";
import type { Previews, TurnEngineDeps } from "./answering/turn-deps.ts";
import { createTurnEffects } from "./answering/turn-effects.ts";
import { createBudgets } from "./budgets/budget.ts";
import type { BudgetRepository } from "./budgets/budget-repository.ts";
import { createHearingRepository } from "./hearing/hearing-repository.ts";
import { createTurnEngine } from "./lanes/turn-engine.ts";
import type { TurnRepository } from "./lanes/turn-repository.ts";
import { createBatchLookups } from "./prompt/batch-lookups.ts";
import type { TurnContexts } from "./prompt/turn-context.ts";
import type { TurnStreams } from "./streams/turn-streams.ts";
import type { TurnStageDeps } from "./turn-stage.ts";

export interface TurnEngineWiring {
  base: TurnStageDeps["base"];
  places: { channels: ChannelDirectory; agents: AgentCatalog; files: TurnStageDeps["files"] };
  stores: { turns: TurnRepository; executions: ExecutionRepository; budgets: BudgetRepository };
  shown: {
    streams: TurnStreams;
    previews: Previews;
    notifySession: NotifySession;
    deliver(channelId: string, deliveryIds: readonly string[]): void;
    /** Lets the commit of a turn claim its deliveries. */
    reserve: ReserveClaim;
  };
  bots: { contexts: TurnContexts; clock: Clock };
  handoffs: { handoffs: Handoffs; wakeSoon(sessionId: string): void };
}

/** Builds the turn engine from the parts of the stage. */
export function wireTurnEngine({ base, places, stores, shown, bots, handoffs }: TurnEngineWiring) {
  const { log } = base;
  const { owner, times, giveUp } = base.process;
  const { pool } = base.database;
  const { channels, agents, files } = places;
  const { streams, previews, notifySession, deliver, reserve } = shown;
  const { clock } = bots;
  const lease = { owner, leaseMs: times.leaseMs };
  const finished = createFinishRepository(pool, { ...lease, sendLeaseMs: times.sendLeaseMs });
  const finish = createTurnCommits(finished, giveUp);
  const signs = createChannelSigns({ channels, timeoutMs: times.sendTimeoutMs, giveUp, log });
  const channel = channelOf(channels);
  const { wakeSoon } = handoffs;
  const effects = createTurnEffects({
    store: { pool, finished, loss: turnPatience(giveUp) },
    lease,
    handoffs: handoffs.handoffs,
    limits: channel,
    after: { deliver, notifySession, wakeSoon, onSilence: signs.onSilence },
    log,
  });
  const turnEngine = createTurnEngine({
    lanes: {
      repository: stores.turns,
      loadAgent: (agentId, version) => agents.load(agentId, version),
      channel,
      budgets: createBudgets({ repository: stores.budgets, clock, log }),
    },
    input: { attachments: files.ofMessages, context: createBatchLookups(bots.contexts) },
    voice: voiceOf(base, files),
    commits: {
      finish: createClaimingCommits(finish, reserve),
      finishWithEffects: effects.finish,
      reset: (lane, command, agent) => effects.reset(lane, command, agent.definition.reset.reply),
      handOff: (lane, message) => requestForUser(handoffs.handoffs, lane, message.id),
    },
    shown: {
      streams,
      previews,
      ...signs,
      deliver: (lane, ids) => deliver(lane.channelId, ids),
      notify: (lane, notice) => notifySession(lane.channelId, lane.sessionId, notice),
    },
    records: recordsOf(base, stores.executions, channel, clock),
  });
  return { turnEngine, finish };
}

function channelOf(channels: ChannelDirectory) {
  return (channelId: string) => {
    const running = channels.byId(channelId);
    if (!running) throw new Error(`channel ${channelId} does not run here`);
    return running.ref;
  };
}

function voiceOf(
  { database: { pool }, process: { owner } }: TurnStageDeps["base"],
  files: TurnStageDeps["files"],
): TurnEngineDeps["voice"] {
  return {
    hearing: { repository: createHearingRepository(pool, { owner }), transcribe: createTranscriber() },
    speaking: { synthesize, keep: files.keep },
  };
}

function recordsOf(
  { metrics, tracing, log }: TurnStageDeps["base"],
  { noteIncident }: ExecutionRepository,
  channel: ReturnType<typeof channelOf>,
  clock: Clock,
): TurnEngineDeps["records"] {
  return {
    trace: createTurnSpans(tracing, channel),
    noteIncident: createIncidentNotes(noteIncident, { clock, log }),
    onTurnEnded(lane, status, seconds) {
      metrics.turns.inc({ agent: lane.agentId, status });
      metrics.turnSeconds.observe({ agent: lane.agentId }, seconds);
    },
    clock,
    log,
  };
}
