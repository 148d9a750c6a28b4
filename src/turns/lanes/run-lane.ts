import { asksForPerson } from "../../core/session/handoff-settings.ts";
import type { createAnswering } from "../answering/answer-batch.ts";
import {
  type LoadedAgent,
  laneOf,
  type Next,
  type Running,
  type TurnEngineDeps,
} from "../answering/turn-deps.ts";
import type { createHearing } from "../hearing/hear.ts";
import { chooseBatch } from "./choose-batch.ts";
import type { PendingMessage } from "./pending-messages-repository.ts";
import { createPreparation } from "./prepare-messages.ts";
import type { Lane } from "./turn-repository.ts";

const PENDING_LIMIT = 100;

/** Tells if a message asks for a person. A message that waits behind others does so at once. */
function asksFor({ definition: { handoff } }: LoadedAgent, { origin, cancelled, content }: PendingMessage) {
  return origin === "user" && !cancelled && asksForPerson(handoff, content);
}

/** Works through a lane, turn after turn in arrival order, until nothing waits or the lane is lost. */
export function createLaneRunner(
  deps: TurnEngineDeps,
  engine: {
    answering: ReturnType<typeof createAnswering>;
    draining(): boolean;
    begin(lane: Lane, pending: PendingMessage[] | null): void;
    hear: ReturnType<typeof createHearing>;
  },
) {
  const { answer, skip } = engine.answering;
  const { repository } = deps.lanes;
  const { collectWindow, prepare, isOutdated } = createPreparation(deps, engine);

  /** `known` are the waiting messages, if they are known. After a takeover they must be read. */
  async function runLane(running: Running, known: PendingMessage[] | null): Promise<void> {
    const { lane } = running;
    const agent = await deps.lanes.loadAgent(lane.agentId, lane.agentVersion);
    if (agent.version !== lane.agentVersion) await repository.follow(lane, agent.version);
    running.policy = agent.definition.turns.policy;
    const takenOver = known === null;
    let pending = known;
    for (;;) {
      if (engine.draining()) return repository.release([lane]);
      let inboundSeq = 0;
      if (pending === null || pending.length === 0 || isOutdated(running)) {
        running.outdated = false;
        ({ messages: pending, inboundSeq } = await repository.pending(lane.sessionId, PENDING_LIMIT));
      }
      if (pending.some(({ origin }) => origin === "command")) running.resetWaits = true;
      let batch = chooseBatch(pending, running.policy);
      if (
        batch?.kind === "turn" &&
        running.policy === "collect" &&
        (await collectWindow(running, agent, batch.messages[0]))
      ) {
        ({ messages: pending } = await repository.pending(lane.sessionId, PENDING_LIMIT));
        batch = chooseBatch(pending, running.policy);
      }
      if (batch?.kind === "command") return reset(lane, agent, batch.message);
      const asking = pending.find((message) => asksFor(agent, message));
      if (asking) return deps.commits.handOff(lane, asking);
      const done: readonly PendingMessage[] = batch?.messages ?? [];
      const next = batch
        ? await takeTurn(running, agent, batch.messages, takenOver)
        : await settle(running, inboundSeq);
      if (next === "released") return;
      if (next === "reset") {
        const { messages } = await repository.pending(lane.sessionId, PENDING_LIMIT);
        const command = messages.find(({ origin }) => origin === "command");
        if (command) return reset(lane, agent, command, messages);
        running.resetWaits = false;
        pending = messages;
      } else pending = next === "reload" ? null : pending.filter((message) => !done.includes(message));
    }
  }

  /** Answers the messages of one turn, once they are complete. `reload`: they have changed meanwhile. */
  async function takeTurn(
    running: Running,
    agent: LoadedAgent,
    messages: [PendingMessage, ...PendingMessage[]],
    takenOver: boolean,
  ): Promise<Next> {
    const state = await prepare(running, agent, messages);
    if (state !== "ready") return state;
    const [first] = messages;
    return first.cancelled ? skip(running, first) : answer(running, agent, messages, takenOver);
  }

  /** Runs a reset. Earlier waiting messages are no longer answered, and their followers are notified. */
  async function reset(
    lane: Lane,
    agent: LoadedAgent,
    command: PendingMessage,
    waiting: readonly PendingMessage[] = [],
  ): Promise<void> {
    const next = await deps.commits.reset(lane, command, agent);
    for (const { seq, executionId } of waiting) {
      if (executionId !== null && seq < command.seq) deps.shown.streams.ended(executionId);
    }
    if (next) engine.begin(next, null);
  }

  /** Nothing to answer although something seemed to wait (it was deleted), so the lane is released. */
  async function settle(running: Running, inboundSeq: number): Promise<Next> {
    if (engine.draining() || isOutdated(running)) return "reload";
    const commit = { ...laneOf(running.lane), answeredSeq: inboundSeq, executions: [], replies: [] };
    const result = await deps.commits.finish(commit, running.lane);
    return result.kind === "committed" && result.more ? "reload" : "released";
  }

  return runLane;
}
