import type { TurnAttachment } from "../../bots/bot.ts";
import type { ListenSettings } from "../../core/session/speech-settings.ts";
import { createAttemptLimits } from "../answering/attempt-limits.ts";
import { stopReasonOf } from "../answering/run-attempt.ts";
import type { LoadedAgent, Running, TurnEngineDeps } from "../answering/turn-deps.ts";
import type { PendingMessage } from "../lanes/pending-messages-repository.ts";
import { hearSound, type SoundHearing } from "./hear-sound.ts";
import { type HeardSound, heardMessage } from "./heard-message.ts";
import type { HearingDeps, HearingEnd } from "./hearing-deps.ts";
import { since } from "./loaded-sounds.ts";

/** After this many processes ended while hearing a message, no other process tries it. */
const MOST_TAKEOVERS = 10;
const ABANDONED: HeardSound = {
  kind: "unheard",
  code: "hearing_abandoned",
  reason: "it could not be turned into words",
};

/** Messages to hear, with their sounds. */
export interface SoundMessages {
  listen: ListenSettings;
  wanted: readonly PendingMessage[];
  voices: ReadonlyMap<string, readonly TurnAttachment[]>;
}

/** Hears the messages one after the other, and stores the words of each. */
export async function hearMessages(
  deps: HearingDeps,
  running: Running,
  agent: LoadedAgent,
  { listen, wanted, voices }: SoundMessages,
): Promise<HearingEnd> {
  const { lane } = running;
  const { engine } = deps;
  const { repository, transcribe } = engine.voice.hearing;
  const { turns, handoff } = agent.definition;
  const ids = wanted.map(({ id }) => id);
  const { attempts, offer } = await repository.begin(lane, ids);
  const patience = createAttemptLimits(turns, since());
  for (const message of wanted) {
    const sounds: HeardSound[] = [];
    for (const file of voices.get(message.id) ?? []) {
      const options: SoundHearing = {
        ...hearingOf(deps, running, message),
        patience,
        most: turns,
        transcribe,
      };
      const heard = attempts > MOST_TAKEOVERS ? ABANDONED : await hearSound(listen, file, options);
      if (heard === null) return endOfHearing(engine, running);
      sounds.push(heard);
    }
    const words = heardMessage(sounds, {
      model: listen.model,
      caption: message.content,
      resetCommand: engine.lanes.channel(lane.channelId).resetCommand,
      userWords: handoff.userWords,
      offer,
    });
    if (!(await repository.store(lane, message, words))) return "released";
    if (words.origin === "command" && message.executionId !== null)
      engine.shown.streams.ended(message.executionId);
    engine.shown.notify(lane, { type: "messages" });
  }
  return "again";
}

function hearingOf(
  { engine, resetLimit }: HearingDeps,
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
      engine.records.log.warn({ ...ids, attempt, code, reason }, "a voice message was not transcribed");
      const outcome = retryInMs === null ? "failed" : "retry";
      const incident = { attempt, code: `hearing_${code}`, reason, outcome, retryInMs } as const;
      engine.records.noteIncident({ ...incident, sessionId, executionId: subject });
    },
  };
}

/** The next step after a stop. Whoever stopped a turn also stored why, so the lane reads again. */
export async function endOfHearing(engine: TurnEngineDeps, { stop, lane }: Running): Promise<HearingEnd> {
  const reason = stop.why ? stopReasonOf(stop.why.reason) : null;
  if (reason === "shutdown") await engine.lanes.repository.release([lane]);
  if (reason === "shutdown" || reason === "lease_lost") return "released";
  return reason === "reset" ? "reset" : "again";
}
