import { createStop } from "../../core/process/stop.ts";
import type { LoadedAgent, Running, TurnEngineDeps } from "../answering/turn-deps.ts";
import type { PendingMessage } from "../lanes/pending-messages-repository.ts";
import type { ResetLimit } from "../lanes/reset-limit.ts";
import { endOfHearing, hearMessages } from "./hear-messages.ts";
import type { HearingDeps, HearingEnd } from "./hearing-deps.ts";
import { loadedSounds } from "./loaded-sounds.ts";

const ENDED = "the message was heard";

type Batch = [PendingMessage, ...PendingMessage[]];

/** The messages that must be heard before their turn. */
export function unheardOf(
  { definition }: LoadedAgent,
  messages: readonly PendingMessage[],
): PendingMessage[] {
  if (definition.speech.listen === null) return [];
  return messages.filter(
    ({ origin, hasAttachments, listened, cancelled }) =>
      origin === "user" && hasAttachments && !listened && !cancelled,
  );
}

/**
 * Turns the sounds of messages into their words, before the turn of these messages. The lane waits meanwhile, so no
 * later message overtakes them. Words are stored message by message; after a crash only the rest is heard again.
 */
export function createHearing(deps: TurnEngineDeps, resetLimit: ResetLimit) {
  return (running: Running, agent: LoadedAgent, batch: Batch): Promise<HearingEnd> =>
    hear({ engine: deps, resetLimit }, running, agent, batch);
}

async function hear(
  deps: HearingDeps,
  running: Running,
  agent: LoadedAgent,
  batch: Batch,
): Promise<HearingEnd> {
  const { engine } = deps;
  const { listen } = agent.definition.speech;
  const unheard = unheardOf(agent, batch);
  if (listen === null || unheard.length === 0) return "again";
  const over = createStop();
  running.batch = { kind: "turn", messages: batch };
  running.hearing = true;
  running.stop = createStop();
  deps.resetLimit.onBegin(running);
  try {
    const voices = await loadedSounds(deps, running, agent, unheard);
    if (running.stop.why) return endOfHearing(engine, running);
    const silent = unheard.filter(({ id }) => !voices.has(id)).map(({ id }) => id);
    if (silent.length > 0) await engine.voice.hearing.repository.skip(running.lane, silent);
    const wanted = unheard.filter(({ id }) => voices.has(id));
    if (wanted.length === 0) return "again";
    if (await isOverBudget(engine, running, agent, batch)) return "over_budget";
    // The words are not known yet.
    engine.shown.showTyping(running.lane, over.signal, []);
    return await hearMessages(deps, running, agent, { listen, wanted, voices });
  } finally {
    over.abort(ENDED);
    running.batch = null;
    running.hearing = false;
  }
}

/** Words cost as the answer does, so the turn is counted before. It is not counted again when its bot is asked. */
async function isOverBudget(
  engine: TurnEngineDeps,
  { lane }: Running,
  agent: LoadedAgent,
  messages: readonly PendingMessage[],
): Promise<boolean> {
  const { promptTokens } = engine.input.context(lane, agent, messages, []);
  const turn = { agent, sessionId: lane.sessionId, userId: lane.user?.id ?? null, messages, promptTokens };
  return (await engine.lanes.budgets.admit(turn)) !== null;
}
