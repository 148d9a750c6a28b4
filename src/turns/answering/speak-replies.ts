import type { TurnInput } from "../../bots/bot.ts";
import { newId } from "../../core/ids.ts";
import { speakable } from "../../core/message/speakable.ts";
import type { SpeakSettings } from "../../core/session/speech-settings.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import { timeLimit } from "../../core/time/time-limit.ts";
import { wait } from "../../core/time/wait.ts";
import { fault, type SpeechFault } from "../../speech/speech-server.ts";
import { type AttemptLimits, createAttemptLimits } from "./attempt-limits.ts";
import { stopReasonOf } from "./run-attempt.ts";
import type { ReplyRow } from "./turn-commit.ts";
import type { LoadedAgent, Running, TurnEngineDeps } from "./turn-deps.ts";
import type { TurnOutcome } from "./turn-outcome.ts";

/** The text is ready, so the user waits only this long for its sound, milliseconds. */
const PATIENCE_MS = 30_000;
const NAME = "voice.ogg";

/** The settings by which a turn's replies are spoken; null: they are written. */
export function speakingOf(
  { definition }: LoadedAgent,
  channel: { speaks: boolean },
  input: readonly Pick<TurnInput, "attachments">[],
): SpeakSettings | null {
  const { speak } = definition.speech;
  if (speak === null || !channel.speaks || speak.when === "never") return null;
  const isAskedByVoice = input.some(({ attachments }) => attachments.some(({ kind }) => kind === "audio"));
  return speak.when === "always" || isAskedByVoice ? speak : null;
}

/** A turn whose replies are spoken. */
export interface SpokenTurn {
  running: Running;
  agent: LoadedAgent;
  executionId: string;
}

/**
 * Adds sounds to the bot's replies before they are committed. Each part keeps its text, which is sent where the sound
 * cannot be. A sound is kept as a file, so a repeated send does not speak again.
 */
export function createSpeaking(deps: TurnEngineDeps) {
  async function speakReplies(
    turn: SpokenTurn,
    speak: SpeakSettings,
    outcome: TurnOutcome,
  ): Promise<TurnOutcome> {
    if (outcome.kind === "stopped") return outcome;
    const { turns } = turn.agent.definition;
    const startedAt = monotonicMs();
    const outOfTime = timeLimit(PATIENCE_MS);
    const limits = createAttemptLimits(
      {
        ...turns,
        timeoutMs: Math.min(turns.timeoutMs, PATIENCE_MS),
        patienceMs: Math.min(turns.patienceMs, PATIENCE_MS),
      },
      () => monotonicMs() - startedAt,
    );
    for (const reply of outcome.replies) {
      if (reply.origin !== "bot" || (reply.buttons?.length ?? 0) > 0) continue;
      for (const part of reply.deliveries) {
        const words = part.attachmentId === undefined ? speakable(part.content) : null;
        if (words === null) continue;
        const id = await soundOf(turn, speak, words, { limits, outOfTime });
        const { why } = turn.running.stop;
        const reason = why ? stopReasonOf(why.reason) : null;
        // The answer is complete, so a stop of the process sends it as text. A lost lease is noticed by the commit.
        if (reason === "shutdown" || reason === "lease_lost") return outcome;
        if (reason !== null) return { kind: "stopped", reason };
        // The server will not speak the rest either.
        if (id === null) return outcome;
        addSound(reply, part, id, speak);
      }
    }
    return outcome;
  }

  /** The id of a kept sound; null: the words are written. */
  async function soundOf(
    turn: SpokenTurn,
    speak: SpeakSettings,
    words: string,
    { limits, outOfTime }: { limits: AttemptLimits; outOfTime: AbortSignal },
  ): Promise<string | null> {
    const { turns } = turn.agent.definition;
    const { stop, lane } = turn.running;
    for (let attempt = 1; ; attempt += 1) {
      const signal = AbortSignal.any([stop.signal, outOfTime]);
      const spoken = await deps.voice.speaking.synthesize(speak, words, signal);
      if (stop.why) return null;
      const kept = spoken.kind === "spoken" ? await keep(lane.sessionId, spoken.content) : spoken;
      if (typeof kept === "string") return kept;
      const isLast = !kept.retryable || attempt >= turns.attempts;
      const pauseMs = isLast ? null : limits.pause(attempt, kept.retryAfterMs);
      note(turn, attempt, kept, pauseMs);
      if (pauseMs === null || outOfTime.aborted) return null;
      await wait(pauseMs, signal);
      if (stop.why || outOfTime.aborted) return null;
    }
  }

  async function keep(sessionId: string, content: Buffer): Promise<string | SpeechFault> {
    const id = newId(deps.records.clock.now());
    const upload = { id, sessionId, content, contentType: "audio/ogg", name: NAME, uploader: null };
    // The answer is complete. A fault of the file store or the database must not ask the bot again.
    const kind = await deps.voice.speaking.keep(upload).then(
      (kept) => kept.kind,
      () => "not_kept" as const,
    );
    return kind === "kept" ? id : fault(kind, "the sound could not be kept here", { retryable: false });
  }

  function note(
    { running: { lane }, executionId }: SpokenTurn,
    attempt: number,
    { code, reason }: SpeechFault,
    retryInMs: number | null,
  ): void {
    const ids = { session_id: lane.sessionId, execution_id: executionId };
    deps.records.log.warn({ ...ids, attempt, code, reason }, "a reply was not spoken");
    const outcome = retryInMs === null ? "failed" : "retry";
    const incident = { attempt, code: `speaking_${code}`, reason, outcome, retryInMs } as const;
    deps.records.noteIncident({ ...incident, sessionId: lane.sessionId, executionId });
  }

  return speakReplies;
}

function addSound(
  reply: ReplyRow,
  part: ReplyRow["deliveries"][number],
  id: string,
  { model, voice }: SpeakSettings,
): void {
  part.attachmentId = id;
  reply.files = [...reply.files, { id, kind: "audio", name: NAME, contentType: "audio/ogg", url: null }];
  reply.metadata = { ...reply.metadata, speech: { model, voice } };
}
