import type { TurnAttachment } from "../../bots/bot.ts";
import { createStop } from "../../core/process/stop.ts";
import type { ListenSettings } from "../../core/session/speech-settings.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import { wait } from "../../core/time/wait.ts";
import { createAttemptLimits } from "../answering/attempt-limits.ts";
import { stopReasonOf } from "../answering/run-attempt.ts";
import type { LoadedAgent, Running, TurnEngineDeps } from "../answering/turn-deps.ts";
import type { PendingMessage } from "../lanes/pending-messages-repository.ts";
import type { ResetLimit } from "../lanes/reset-limit.ts";
import { hearSound, type SoundHearing } from "./hear-sound.ts";
import { type HeardSound, heardMessage } from "./heard-message.ts";

/** `over_budget`: the messages stay unheard, and the turn tells the user why. `again`: their words are stored. */
export type HearingEnd = "again" | "over_budget" | "reset" | "released";

/** After this many processes ended while hearing a message, no other process tries it. */
const MOST_TAKEOVERS = 10;
const ENDED = "the message was heard";
const ABANDONED: HeardSound = {
  kind: "unheard",
  code: "hearing_abandoned",
  reason: "it could not be turned into words",
};

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
  const { repository, transcribe } = deps.voice.hearing;

  async function hear(
    running: Running,
    agent: LoadedAgent,
    batch: [PendingMessage, ...PendingMessage[]],
  ): Promise<HearingEnd> {
    const { listen } = agent.definition.speech;
    const unheard = unheardOf(agent, batch);
    if (listen === null || unheard.length === 0) return "again";
    const over = createStop();
    running.batch = { kind: "turn", messages: batch };
    running.hearing = true;
    running.stop = createStop();
    resetLimit.onBegin(running);
    try {
      const voices = await soundsOf(running, agent, unheard);
      if (running.stop.why) return endOf(running);
      const silent = unheard.filter(({ id }) => !voices.has(id)).map(({ id }) => id);
      if (silent.length > 0) await repository.skip(running.lane, silent);
      const wanted = unheard.filter(({ id }) => voices.has(id));
      if (wanted.length === 0) return "again";
      if (await isOverBudget(running, agent, batch)) return "over_budget";
      // The words are not known yet.
      deps.shown.showTyping(running.lane, over.signal, []);
      return await hearAll(running, agent, { listen, wanted, voices });
    } finally {
      over.abort(ENDED);
      running.batch = null;
      running.hearing = false;
    }
  }

  /** The sounds of messages, by message, once they are loaded. A platform may be slow for as long as a bot may. */
  async function soundsOf(
    running: Running,
    { definition }: LoadedAgent,
    messages: readonly PendingMessage[],
  ): Promise<Map<string, TurnAttachment[]>> {
    const passedMs = since();
    const ids = messages.map(({ id }) => id);
    for (;;) {
      const files = await deps.input.attachments(ids, running.stop.signal);
      const sounds = new Map(
        [...files].flatMap(([id, all]): [string, TurnAttachment[]][] => {
          const own = all.filter(({ kind }) => kind === "audio");
          return own.length === 0 ? [] : [[id, own]];
        }),
      );
      // Only the loaded file shows if it is a sound. Pictures are known before.
      const isPending = [...files.values()]
        .flat()
        .some(({ kind, state }) => kind !== "image" && state === "pending");
      if (!isPending || running.stop.why || passedMs() > definition.turns.patienceMs) return sounds;
      resetLimit.onPulse(running, "pause");
      await wait(200, running.stop.signal);
    }
  }

  async function hearAll(
    running: Running,
    agent: LoadedAgent,
    {
      listen,
      wanted,
      voices,
    }: {
      listen: ListenSettings;
      wanted: readonly PendingMessage[];
      voices: ReadonlyMap<string, readonly TurnAttachment[]>;
    },
  ): Promise<HearingEnd> {
    const { lane } = running;
    const { turns, handoff } = agent.definition;
    const ids = wanted.map(({ id }) => id);
    const { attempts, offer } = await repository.begin(lane, ids);
    const patience = createAttemptLimits(turns, since());
    for (const message of wanted) {
      const sounds: HeardSound[] = [];
      for (const file of voices.get(message.id) ?? []) {
        const options: SoundHearing = { ...hearingOf(running, message), patience, most: turns, transcribe };
        const heard = attempts > MOST_TAKEOVERS ? ABANDONED : await hearSound(listen, file, options);
        if (heard === null) return endOf(running);
        sounds.push(heard);
      }
      const words = heardMessage(sounds, {
        model: listen.model,
        caption: message.content,
        resetCommand: deps.lanes.channel(lane.channelId).resetCommand,
        userWords: handoff.userWords,
        offer,
      });
      if (!(await repository.store(lane, message, words))) return "released";
      if (words.origin === "command" && message.executionId !== null)
        deps.shown.streams.ended(message.executionId);
      deps.shown.notify(lane, { type: "messages" });
    }
    return "again";
  }

  function hearingOf(
    running: Running,
    { id, executionId }: PendingMessage,
  ): Pick<SoundHearing, "stop" | "onPulse" | "onFailedAttempt"> {
    const { sessionId } = running.lane;
    const subject = executionId ?? id;
    return {
      stop: running.stop,
      onPulse: (pulse) => resetLimit.onPulse(running, pulse),
      onFailedAttempt(attempt, { code, reason }, retryInMs) {
        const ids = { session_id: sessionId, execution_id: subject, message_id: id };
        deps.records.log.warn({ ...ids, attempt, code, reason }, "a voice message was not transcribed");
        const outcome = retryInMs === null ? "failed" : "retry";
        const incident = { attempt, code: `hearing_${code}`, reason, outcome, retryInMs } as const;
        deps.records.noteIncident({ ...incident, sessionId, executionId: subject });
      },
    };
  }

  /** Words cost as the answer does, so the turn is counted before. It is not counted again when its bot is asked. */
  async function isOverBudget(
    { lane }: Running,
    agent: LoadedAgent,
    messages: readonly PendingMessage[],
  ): Promise<boolean> {
    const { promptTokens } = deps.input.context(lane, agent, messages, []);
    const turn = { agent, sessionId: lane.sessionId, userId: lane.user?.id ?? null, messages, promptTokens };
    return (await deps.lanes.budgets.admit(turn)) !== null;
  }

  /** The next step after a stop. Whoever stopped a turn also stored why, so the lane reads again. */
  async function endOf({ stop, lane }: Running): Promise<HearingEnd> {
    const reason = stop.why ? stopReasonOf(stop.why.reason) : null;
    if (reason === "shutdown") await deps.lanes.repository.release([lane]);
    if (reason === "shutdown" || reason === "lease_lost") return "released";
    return reason === "reset" ? "reset" : "again";
  }

  return hear;
}

/** The time from now on, milliseconds. */
function since(): () => number {
  const startedAt = monotonicMs();
  return () => monotonicMs() - startedAt;
}
