import { wait } from "../core/wait.ts";
import type { createAnswering } from "./answer-batch.ts";
import { type Batch, chooseBatch } from "./choose-batch.ts";
import { type LoadedAgent, laneOf, type Next, type Running, type TurnEngineDeps } from "./turn-deps.ts";
import type { Lane, PendingMessage } from "./turn-repository.ts";

const PENDING_LIMIT = 100;

/** Works a lane off: turn after turn, in arrival order, until nothing waits or the lane is lost. */
export function createLaneRunner(
  deps: TurnEngineDeps,
  engine: {
    answering: ReturnType<typeof createAnswering>;
    draining(): boolean;
    begin(lane: Lane, pending: PendingMessage[] | null): void;
  },
) {
  const { answer, skip } = engine.answering;

  /** `known` is what waits, where that is known: a lane taken over has to look. */
  async function runLane(running: Running, known: PendingMessage[] | null): Promise<void> {
    const { lane } = running;
    const agent = await deps.loadAgent(lane.agentId, lane.agentVersion);
    running.policy = agent.definition.turns.policy;
    let pending = known;
    for (;;) {
      if (engine.draining()) return deps.repository.release([lane]);
      let inboundSeq = 0;
      if (pending === null || pending.length === 0 || (running.outdated && running.policy === "interrupt")) {
        running.outdated = false;
        ({ messages: pending, inboundSeq } = await deps.repository.pending(lane.sessionId, PENDING_LIMIT));
      }
      let batch = chooseBatch(pending, running.policy);
      if (
        batch?.kind === "turn" &&
        running.policy === "collect" &&
        (await collectWindow(running, agent, batch))
      ) {
        ({ messages: pending } = await deps.repository.pending(lane.sessionId, PENDING_LIMIT));
        batch = chooseBatch(pending, running.policy);
      }
      if (batch?.kind === "command") {
        const next = await deps.reset(lane, batch.message, agent);
        if (next) engine.begin(next, null);
        return;
      }
      // A window may outlast the beginning of a stop, and reading what waits the arrival of more.
      if (engine.draining() || (running.outdated && running.policy === "interrupt")) continue;
      const takenOver = known === null;
      const next = !batch
        ? await settle(lane, inboundSeq)
        : batch.messages[0].cancelled
          ? await skip(running, batch.messages[0])
          : await answer(running, agent, batch.messages, takenOver);
      if (next === "released") return;
      const answered: readonly PendingMessage[] = batch?.messages[0].cancelled
        ? [batch.messages[0]]
        : (batch?.messages ?? []);
      pending = next === "reload" ? null : pending.filter((message) => !answered.includes(message));
    }
  }

  /** Waits until the collect window of the oldest message is over; false where it was over already. */
  async function collectWindow(running: Running, agent: LoadedAgent, batch: Batch): Promise<boolean> {
    if (batch.kind !== "turn" || batch.messages[0].origin !== "user") return false;
    const age = deps.clock.now().getTime() - batch.messages[0].createdAt.getTime();
    const left = agent.definition.turns.windowMs - Math.max(0, age);
    if (left > 0) await wait(left, running.stop.signal);
    return true;
  }

  /** Nothing to answer although something seemed to wait (it was deleted): the lane is released. */
  async function settle(lane: Lane, inboundSeq: number): Promise<Next> {
    const commit = { ...laneOf(lane), answeredSeq: inboundSeq, executions: [], replies: [] };
    const result = await deps.finish(commit);
    return result.kind === "committed" && result.more ? "reload" : "released";
  }

  return runLane;
}
