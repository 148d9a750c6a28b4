import { wait } from "../../core/time/wait.ts";
import type { LoadedAgent, Next, Running, TurnEngineDeps } from "../answering/turn-deps.ts";
import { type createHearing, unheardOf } from "../hearing/hear.ts";
import type { PendingMessage } from "./pending-messages-repository.ts";

/** Completes the messages of a turn before it begins: collects them, closes them, and hears their sounds. */
export function createPreparation(
  deps: TurnEngineDeps,
  engine: { draining(): boolean; hear: ReturnType<typeof createHearing> },
) {
  const { repository } = deps.lanes;

  /** True if newer messages came that belong to the turn. */
  const isOutdated = ({ outdated, policy }: Running) => outdated && policy === "interrupt";

  /** Waits until the collect window of the oldest message ends. Returns false if nothing collects it. */
  async function collectWindow(
    { stop }: Running,
    { definition }: LoadedAgent,
    { origin, createdAt }: PendingMessage,
  ): Promise<boolean> {
    if (origin !== "user") return false;
    const age = deps.records.clock.now().getTime() - createdAt.getTime();
    const left = definition.turns.windowMs - Math.max(0, age);
    if (left > 0) await wait(left, stop.signal);
    return true;
  }

  /** Makes the messages ready for their turn. `reload`: they must be read again before. */
  async function prepare(
    running: Running,
    agent: LoadedAgent,
    messages: [PendingMessage, ...PendingMessage[]],
  ): Promise<Exclude<Next, "more"> | "ready"> {
    if (messages.some(({ isOpen }) => isOpen)) {
      await close(running, messages);
      // More parts may have come in the meantime, with files.
      return "reload";
    }
    // A stop may have begun during the collect window, and more messages may have come during the read.
    if (engine.draining() || isOutdated(running)) return "reload";
    if (unheardOf(agent, messages).length > 0) {
      const heard = await engine.hear(running, agent, messages);
      // The words may be a command, or ask for a person.
      if (heard === "again") return "reload";
      if (heard !== "over_budget") return heard;
    }
    return (await haveChanged(running, messages)) ? "reload" : "ready";
  }

  /**
   * Waits for messages that still gather, and closes them. The turn has all parts that came; a later part is a new
   * message.
   */
  async function close({ stop }: Running, messages: readonly PendingMessage[]): Promise<void> {
    const ids = messages.filter(({ isOpen }) => isOpen).map(({ id }) => id);
    while (!engine.draining()) {
      const leftMs = await repository.close(ids);
      if (leftMs === null) return;
      await wait(leftMs, stop.signal);
    }
  }

  /**
   * Closes messages whose turn begins, and tells if one of them was edited after it was read. A message that is the
   * first of its lane can be edited only while it is collected.
   */
  async function haveChanged({ policy }: Running, messages: readonly PendingMessage[]): Promise<boolean> {
    if (messages.length === 1 && policy !== "collect") return false;
    const words = await repository.closeWords(messages.map(({ id }) => id));
    return messages.some(({ id, content }) => words.has(id) && words.get(id) !== content);
  }

  return { collectWindow, prepare, isOutdated };
}
