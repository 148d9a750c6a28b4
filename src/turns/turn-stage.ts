import type { AgentCatalog } from "../agents/agent-catalog.ts";
import type { KeptUpload, NewUpload } from "../attachments/uploads.ts";
import type { TurnAttachment } from "../bots/bot.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { AttachmentView } from "../core/message/attachment.ts";
import type { Logger } from "../core/process/logger.ts";
import type { WorkingProcess } from "../core/process/working-process.ts";
import { systemClock } from "../core/time/clock.ts";
import type { Tracing } from "../core/trace/span.ts";
import type { DeliveryStage } from "../delivery/delivery-stage.ts";
import type { DeskPlace } from "../handoffs/handoff.ts";
import { handoffSteps } from "../handoffs/handoff-steps.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { Hub } from "../queue/hub.ts";
import type { QueueBackend } from "../queue/queue-backend.ts";
import { comingMessages } from "../schedules/coming-repository.ts";
import { createSessionNotices } from "../sessions/session-notices.ts";
import type { Database } from "../storage/database.ts";
import {
  type AskedAgain,
  type Asking,
  askAgain as storeAskedAgain,
} from "./answering/ask-again-repository.ts";
import { createExecutionRepository } from "./answering/execution-repository.ts";
import type { TurnFiles } from "./answering/turn-deps.ts";
import { createBudgetRepository } from "./budgets/budget-repository.ts";
import { createTurnControl } from "./lanes/turn-control.ts";
import { createTurnRepository } from "./lanes/turn-repository.ts";
import { createContextRepository } from "./prompt/context-repository.ts";
import { expectPrompts } from "./prompt/expected-prompts.ts";
import { HISTORY_PAGE } from "./prompt/recent-history.ts";
import { createTurnContexts } from "./prompt/turn-context.ts";
import { shadowSteps } from "./shadow/shadow-steps.ts";
import { createPreviews } from "./streams/previews.ts";
import { createTurnStreams } from "./streams/turn-streams.ts";
import { createTurnHandoffs } from "./turn-handoffs.ts";
import { turnSteps } from "./turn-steps.ts";
import { createTurnWork } from "./turn-work.ts";
import { wireTurnEngine } from "./wire-turn-engine.ts";

export interface TurnStageDeps {
  base: {
    database: Database;
    queues: QueueBackend;
    hub: Hub;
    process: WorkingProcess;
    metrics: Pick<Metrics, "turns" | "turnSeconds">;
    /** Null: tracing is off. */
    tracing: Tracing | null;
    log: Logger;
  };
  channels: ChannelDirectory;
  agents: AgentCatalog;
  files: {
    forBot(view: AttachmentView): TurnAttachment;
    ofMessages(messageIds: readonly string[], signal: AbortSignal): Promise<TurnFiles>;
    keep(upload: NewUpload): Promise<KeptUpload>;
  };
  delivery: Pick<DeliveryStage, "queues" | "enqueue" | "reserve" | "tellDesk">;
  /** The place of a desk in the workspace of a channel; null if no channel of this process shows it. */
  desk(channelId: string, name: string): DeskPlace | null;
}

/** Turns: lanes, bots, their prompts, and how turns are followed, interrupted and cancelled. */
export function createTurnStage({ base, channels, agents, files, delivery, desk }: TurnStageDeps) {
  const { database, hub, process, log } = base;
  const { owner, works, alone } = process;
  const { pool } = database;
  const stores = openStores(base, files);
  const { turns, executions, prompts, contexts, budgets } = stores;
  const streams = createTurnStreams({ notices: hub, stored: executions.storedStream });
  const notifySession = createSessionNotices({ hub, channels });
  const control = createTurnControl({ hub, alone, executions, streams });
  const previews = createPreviews({ database, channels, owner, log });
  const { stopTurns: stop } = control;
  // The engine is needed to wake a session, and is built after the code that wakes one.
  const wake = (sessionId: string): void => work.wakeSoon(sessionId);
  const handoffData = { pool, agents, channels };
  const handoffs = createTurnHandoffs({ stores: handoffData, delivery, notifySession, stop, wake, desk });
  const { turnEngine, finish } = wireTurnEngine({
    base,
    places: { channels, agents, files },
    stores,
    shown: { streams, previews, notifySession, deliver: delivery.enqueue, reserve: delivery.reserve },
    bots: { contexts, clock: systemClock },
    handoffs: { handoffs, wakeSoon: wake },
  });
  const leaveControl = control.obey(turnEngine);
  const work = createTurnWork({ ...base, turns, engine: turnEngine, drainCommits: finish.drain });

  /** Lets the bot answer the messages of a failed turn once more. */
  async function askAgain(asking: Asking): Promise<AskedAgain> {
    const outcome = await storeAskedAgain(pool, asking);
    if (outcome.kind !== "asked") return outcome;
    notifySession(outcome.channelId, outcome.sessionId, { type: "messages" });
    work.wakeSoon(outcome.sessionId);
    return outcome;
  }

  /** A message is being stored in a session. If its turn can begin at once, the turn will read the prompt. */
  async function expectTurn(sessionId: string, agentId: string, version: number): Promise<void> {
    if (!works || turnEngine.holds(sessionId)) return;
    const { bot } = await agents.load(agentId, version);
    if (bot.readsPrompt) prompts.expect(sessionId, agentId, HISTORY_PAGE);
  }

  return {
    turnEngine,
    streams,
    contexts,
    executions,
    handoffs,
    notifySession,
    cancelExecution: control.cancelExecution,
    askAgain,
    interruptElsewhere: control.interruptElsewhere,
    steps: [
      ...turnSteps({ engine: turnEngine, turns, budgets }),
      ...handoffSteps({ pool, handoffs, tellDesk: delivery.tellDesk }),
    ],
    previewSteps: [previews.step],
    shadowSteps: shadowSteps({ pool, agents, contexts, log }),
    expectTurn,
    ...work,
    close(): void {
      work.close();
      leaveControl();
      streams.stop();
    },
  };
}

/** The stored state of turns: lanes, executions, budgets, and the history that prompts are built from. */
function openStores(
  { database: { pool }, process, log }: TurnStageDeps["base"],
  files: TurnStageDeps["files"],
) {
  const clock = systemClock;
  const prompts = expectPrompts(createContextRepository(pool, { openAttachment: files.forBot }), clock);
  const coming = (of: Parameters<typeof comingMessages>[1]) => comingMessages(pool, of);
  return {
    turns: createTurnRepository(pool, { owner: process.owner, leaseMs: process.times.leaseMs }),
    executions: createExecutionRepository(pool),
    budgets: createBudgetRepository(pool),
    prompts,
    contexts: createTurnContexts({ coming, repository: prompts, clock, log }),
  };
}
