/** A voice message that is being recorded. */
export interface Recording {
  /** Ends it. Null: it was too short to hold a word. */
  finish(): Promise<File | null>;
  /** Throws it away. */
  discard(): void;
}

/** The reason why nothing can be recorded. */
export type RecordingFault = "refused" | "missing" | "busy";

/** Kinds of sound that browsers record, the best heard first. */
const TYPES = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const END_OF: Readonly<Record<string, string>> = { "audio/ogg": "ogg", "audio/mp4": "m4a" };
const SHORTEST_MS = 400;

/**
 * Asks for the microphone and begins to record.
 * @param options.name the name of the file, without its end.
 * @param options.onFull called once at the longest length. The caller finishes then.
 */
export async function record(options: {
  name: string;
  maxSeconds: number;
  onFull: () => void;
}): Promise<Recording | RecordingFault> {
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch (error) {
    return faultOf(error);
  }
  const stop = () => {
    clearTimeout(timer);
    // Otherwise the browser goes on showing that somebody listens.
    for (const track of stream.getTracks()) track.stop();
  };
  const timer = setTimeout(options.onFull, options.maxSeconds * 1_000);
  const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
  const pieces: Blob[] = [];
  let recorder: MediaRecorder;
  try {
    recorder = new MediaRecorder(stream, mimeType === undefined ? {} : { mimeType });
    recorder.ondataavailable = ({ data }) => void pieces.push(data);
    // In pieces, because a recorder that dies keeps what it has.
    recorder.start(1_000);
  } catch {
    stop();
    return "busy";
  }
  const began = performance.now();
  return {
    async finish() {
      const isLong = performance.now() - began >= SHORTEST_MS;
      const ended = new Promise((resolve) => {
        recorder.onstop = resolve;
      });
      if (recorder.state === "inactive") stop();
      else {
        recorder.stop();
        await ended;
        stop();
      }
      const [type = "audio/webm"] = (recorder.mimeType || mimeType || "audio/webm").split(";");
      const sound = new File(pieces, `${options.name}.${END_OF[type] ?? "webm"}`, { type });
      return isLong && sound.size > 0 ? sound : null;
    },
    discard() {
      recorder.ondataavailable = null;
      if (recorder.state !== "inactive") recorder.stop();
      stop();
    },
  };
}

/** A page may also forbid the microphone to the chat: then the browser refuses without a question. */
function faultOf(error: unknown): RecordingFault {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  return name === "NotFoundError" || name === "OverconstrainedError" ? "missing" : "busy";
}
