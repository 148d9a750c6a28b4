import type { TurnAttachment } from "../../bots/bot.ts";
import type { Stop } from "../../core/process/stop.ts";
import type { ListenSettings } from "../../core/session/speech-settings.ts";
import { withinTime } from "../../core/time/time-limit.ts";
import { wait } from "../../core/time/wait.ts";
import { fault, type SpeechFault } from "../../speech/speech-server.ts";
import type { Transcribe } from "../../speech/transcribe.ts";
import type { AttemptLimits } from "../answering/attempt-limits.ts";
import type { HeardSound } from "./heard-message.ts";

/** Dependencies for hearing one sound. */
export interface SoundHearing {
  transcribe: Transcribe;
  stop: Stop;
  /** The time that the user still waits, over all sounds of the messages. */
  patience: AttemptLimits;
  most: { attempts: number; timeoutMs: number };
  onPulse(pulse: "sign" | "pause"): void;
  /** `retryInMs` is null after the last attempt. */
  onFailedAttempt(attempt: number, fault: SpeechFault, retryInMs: number | null): void;
}

/** Hears one sound, with as many attempts as a bot has. Null: stopped from outside. */
export async function hearSound(
  listen: ListenSettings,
  file: TurnAttachment,
  hearing: SoundHearing,
): Promise<HeardSound | null> {
  const { patience, most, stop } = hearing;
  if (file.state !== "stored") return { kind: "unheard", code: "no_sound", reason: reasonOf(file) };
  for (let attempt = 1; ; attempt += 1) {
    hearing.onPulse("sign");
    const limitMs = Math.min(most.timeoutMs, patience.longestAttempt());
    const answer = await withinTime(limitMs, stop.signal, async (signal) => {
      const content = await contentOf(file);
      return Buffer.isBuffer(content)
        ? hearing.transcribe(listen, { content, contentType: file.contentType }, signal)
        : content;
    });
    if (stop.why) return null;
    if (answer.kind === "heard") return answer;
    const isLast = !answer.retryable || attempt >= most.attempts;
    const pauseMs = isLast ? null : patience.pause(attempt, answer.retryAfterMs);
    hearing.onFailedAttempt(attempt, answer, pauseMs);
    if (pauseMs === null) return { kind: "unheard", code: answer.code, reason: reasonFor(answer) };
    hearing.onPulse("pause");
    await wait(pauseMs, stop.signal);
    if (stop.why) return null;
  }
}

/** The store of files may be away for a moment. */
async function contentOf(file: TurnAttachment): Promise<Buffer | SpeechFault> {
  try {
    const content = await file.content();
    return content ?? fault("no_sound", "its sound is no longer kept", { retryable: false });
  } catch {
    return fault("file_unavailable", "the kept file could not be read");
  }
}

/** The bot and the user learn only that the sound was not heard. The trail has the server's error. */
function reasonFor({ code, reason }: SpeechFault): string {
  return code === "no_words" || code === "no_sound" || code === "sound_too_long"
    ? reason
    : code === "sound_refused"
      ? "its sound cannot be read"
      : "it could not be turned into words now";
}

function reasonOf({ state, error }: TurnAttachment): string {
  if (state === "failed") return error ?? "its sound could not be loaded";
  return state === "pending" ? "its sound is still being loaded" : "its sound is no longer kept";
}
