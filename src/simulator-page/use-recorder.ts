import { useState } from "preact/hooks";
import { type SentFile, toFile } from "./to-file.ts";

/** Records from the microphone. The second call of `toggle` stops, and hands over the sound. */
export function useRecorder(onSound: (file: SentFile) => void) {
  const [recorder, setRecorder] = useState<MediaRecorder | null>(null);

  async function record(): Promise<void> {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const started = new MediaRecorder(stream);
    started.ondataavailable = ({ data }) => {
      for (const track of stream.getTracks()) track.stop();
      const type = data.type.split(";")[0] || "audio/webm";
      void toFile(new File([data], `voice.${type.split("/")[1]}`, { type })).then(onSound);
    };
    started.start();
    setRecorder(started);
  }

  function toggle(): void {
    recorder?.stop();
    if (recorder !== null) setRecorder(null);
    else void record().catch(() => undefined);
  }

  return { isRecording: recorder !== null, toggle };
}
