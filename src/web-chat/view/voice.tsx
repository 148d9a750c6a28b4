import { useWords } from "../locales/words.ts";
import { Icon } from "./icons.tsx";
import { clockTime, useRecorder } from "./use-recorder.ts";

export interface VoiceProps {
  /** The chat; another one ends a recording. */
  place: string;
  /** The longest voice message, seconds. */
  maxSeconds: number;
  /** Gets the recorded file. */
  onSound: (sound: File) => void;
  /** Gets the problem of a recording, in words; empty: there is none any more. */
  onProblem: (problem: string) => void;
}

/**
 * Records a voice message. A button begins and ends it, and its length is shown above. Fetched only if the agent hears
 * voice messages.
 */
export function Voice(props: VoiceProps) {
  const words = useWords();
  const { seconds, toggle, discard } = useRecorder(props);
  const isRecording = seconds !== null;
  const label = isRecording ? words.attachRecording : words.record;
  return (
    <>
      {isRecording && (
        <div class="recording" role="group" aria-label={words.recording}>
          <span class="recording-mark" aria-hidden="true" />
          <span role="status">{words.recording}</span>
          <span role="timer">{clockTime(seconds)}</span>
          <button
            type="button"
            class="icon-button small"
            aria-label={words.discardRecording}
            title={words.discardRecording}
            onClick={discard}
          >
            <Icon name="close" />
          </button>
        </div>
      )}
      <button
        type="button"
        class={`icon-button microphone ${isRecording ? "on" : ""}`}
        aria-label={label}
        title={label}
        onClick={toggle}
      >
        <Icon name={isRecording ? "check" : "microphone"} />
      </button>
    </>
  );
}
