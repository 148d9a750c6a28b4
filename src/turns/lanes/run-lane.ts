import { asksForPerson } from "../../core/session/handoff-settings.ts";
import { wait } from "../../core/time/wait.ts";
import type { createAnswering } from "../answering/answer-batch.ts";
import {
  type LoadedAgent,
  laneOf,
  type Next,
  type Running,
  type TurnEngineDeps,
} from "../answering/turn-deps.ts";
import { type createHearing, unheardOf } from "../hearing/hear.ts";
import { type Batch, chooseBatch } from "./choose-batch.ts";
import type { PendingMessage } from "./pending-messages-repository.ts";
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

  /** `known` are the waiting messages, if they are known. After a takeover they must be read. */
  async function runLane(running: Running, known: PendingMessage[] | null): Promise<void> {
    const { lane } = running;
    const agent = await deps.lanes.loadAgent(lane.agentId, lane.agentVersion);
    if (agent.version !== lane.agentVersion) await deps.lanes.repository.follow(lane, agent.version);
    running.policy = agent.definition.turns.policy;
    let pending = known;
    for (;;) {
      if (engine.draining()) return deps.lanes.repository.release([lane]);
      let inboundSeq = 0;
      if (pending === null || pending.length === 0 || (running.outdated && running.policy === "interrupt")) {
        running.outdated = false;
        ({ messages: pending, inboundSeq } = await deps.lanes.repository.pending(
          lane.sessionId,
          PENDING_LIMIT,
        ));
      }
      if (pending.some(({ origin }) => origin === "command")) running.resetWaits = true;
      let batch = chooseBatch(pending, running.policy);
      if (
        batch?.kind === "turn" &&
        running.policy === "collect" &&
        (await collectWindow(running, agent, batch))
      ) {
        ({ messages: pending } = await deps.lanes.repository.pending(lane.sessionId, PENDING_LIMIT));
        batch = chooseBatch(pending, running.policy);
      }
      if (batch?.kind === "command") return reset(lane, agent, batch.message);
      const asking = pending.find((message) => asksFor(agent, message));
      if (asking) return deps.commits.handOff(lane, asking);
      if (batch?.kind === "turn" && batch.messages.some(({ isOpen }) => isOpen)) {
        await close(running, batch.messages);
        // More parts may have come in the meantime, with files.
        pending = null;
        continue;
      }
      // A stop may have begun during the collect window, and more messages may have come during the read.
      if (engine.draining() || (running.outdated && running.policy === "interrupt")) continue;
      const takenOver = known === null;
      const isUnheard = batch?.kind === "turn" && unheardOf(agent, batch.messages).length > 0;
      const heard = batch && isUnheard ? await engine.hear(running, agent, batch.messages) : null;
      if (heard === "again") {
        // The words may be a command, or ask for a person.
        pending = null;
        continue;
      }
      const begins = heard !== "released" && heard !== "reset";
      if (begins && batch?.kind === "turn" && (await haveChanged(running, batch.messages))) {
        pending = null;
        continue;
      }
      const next =
        heard === "released" || heard === "reset"
          ? heard
          : !batch
            ? await settle(lane, inboundSeq)
            : batch.messages[0].cancelled
              ? await skip(running, batch.messages[0])
              : await answer(running, agent, batch.messages, takenOver);
      if (next === "released") return;
      if (next === "reset") {
        const { messages } = await deps.lanes.repository.pending(lane.sessionId, PENDING_LIMIT);
        const command = messages.find(({ origin }) => origin === "command");
        if (command) return reset(lane, agent, command, messages);
        running.resetWaits = false;
        pending = messages;
        continue;
      }
      const answered: readonly PendingMessage[] = batch?.messages[0].cancelled
        ? [batch.messages[0]]
        : (batch?.messages ?? []);
      pending = next === "reload" ? null : pending.filter((message) => !answered.includes(message));
    }
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

  /** Waits until the collect window of the oldest message ends. Returns false if it had already ended. */
  async function collectWindow(running: Running, agent: LoadedAgent, batch: Batch): Promise<boolean> {
    if (batch.kind !== "turn" || batch.messages[0].origin !== "user") return false;
    const age = deps.records.clock.now().getTime() - batch.messages[0].createdAt.getTime();
    const left = agent.definition.turns.windowMs - Math.max(0, age);
    if (left > 0) await wait(left, running.stop.signal);
    return true;
  }

  /**
   * Waits for messages that still gather, and closes them. The turn has all parts that came; a later part is a new
   * message.
   */
  async function close(running: Running, messages: readonly PendingMessage[]): Promise<void> {
    const ids = messages.filter(({ isOpen }) => isOpen).map(({ id }) => id);
    while (!engine.draining()) {
      const leftMs = await deps.lanes.repository.close(ids);
      if (leftMs === null) return;
      await wait(leftMs, running.stop.signal);
    }
  }

  /**
   * Closes messages whose turn begins, and tells if one of them was edited after it was read. A message that is the
   * first of its lane can be edited only while it is collected.
   */
  async function haveChanged({ policy }: Running, messages: readonly PendingMessage[]): Promise<boolean> {
    if (messages.length === 1 && policy !== "collect") return false;
    const words = await deps.lanes.repository.closeWords(messages.map(({ id }) => id));
    return messages.some(({ id, content }) => words.has(id) && words.get(id) !== content);
  }

  /** Nothing to answer although something seemed to wait (it was deleted), so the lane is released. */
  async function settle(lane: Lane, inboundSeq: number): Promise<Next> {
    const commit = { ...laneOf(lane), answeredSeq: inboundSeq, executions: [], replies: [] };
    const result = await deps.commits.finish(commit);
    return result.kind === "committed" && result.more ? "reload" : "released";
  }

  return runLane;
}
