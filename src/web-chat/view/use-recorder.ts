import { useEffect, useRef, useState } from "preact/hooks";
import { type Recording, record } from "../chat/recording.ts";
import { fill, useWords } from "../locales/words.ts";
import type { VoiceProps } from "./voice.tsx";

/** Minutes and seconds: `0:07`. */
export function clockTime(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

/** Records voice messages, one at a time. The user reads of every problem. */
export function useRecorder({ place, maxSeconds, onSound, onProblem }: VoiceProps) {
  const words = useWords();
  const [seconds, setSeconds] = useState<number | null>(null);
  /** `asking`: the browser asks the user for the microphone. */
  const now = useRef<Recording | "asking" | null>(null);
  const finishNow = useRef<(isFull: boolean) => Promise<void>>(async () => undefined);

  function end(): Recording | null {
    const ended = now.current;
    now.current = null;
    setSeconds(null);
    return ended === "asking" ? null : ended;
  }

  function discard(): void {
    end()?.discard();
  }
  useEffect(() => discard, [place]);

  useEffect(() => {
    if (seconds === null) return;
    const timer = setTimeout(() => setSeconds(seconds + 1), 1_000);
    return () => clearTimeout(timer);
  }, [seconds]);

  // Set again at each render, so that a recording that becomes too long uses the current state.
  finishNow.current = async (isFull) => {
    const sound = await end()?.finish();
    if (sound === undefined) return;
    if (sound === null) return onProblem(words.nothingRecorded);
    onSound(sound);
    if (isFull) onProblem(fill(words.voiceFull, { time: clockTime(maxSeconds) }));
  };

  async function begin(): Promise<void> {
    now.current = "asking";
    onProblem("");
    const onFull = () => void finishNow.current(true);
    const begun = await record({ name: words.voiceMessage, maxSeconds, onFull });
    const isWanted = now.current === "asking";
    if (typeof begun === "string") {
      if (isWanted) now.current = null;
      onProblem({ refused: words.micRefused, missing: words.micMissing, busy: words.micBusy }[begun]);
    } else if (isWanted) {
      now.current = begun;
      setSeconds(0);
    } else begun.discard();
  }

  return {
    /** Seconds since the recording began; null while nothing is recorded. */
    seconds,
    discard,
    /** Begins to record, or ends it and attaches the sound. */
    toggle: () => void (now.current === null ? begin() : finishNow.current(false)),
  };
}
