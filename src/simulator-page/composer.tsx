import { useRef, useState } from "preact/hooks";

export interface Words {
  text?: string;
  file?: { name: string; content_type: string; data: string };
}

export interface ComposerProps {
  canMention: boolean;
  thread: string | null;
  onLeaveThread(): void;
  say(words: Words): void;
}

/** Writes as the user: text, a file, or a recording from the microphone. */
export function Composer({ canMention, thread, onLeaveThread, say }: ComposerProps) {
  const [text, setText] = useState("");
  const [recorder, setRecorder] = useState<MediaRecorder | null>(null);
  const picker = useRef<HTMLInputElement>(null);

  function send(): void {
    if (text.trim() === "") return;
    say({ text });
    setText("");
  }

  async function record(): Promise<void> {
    if (recorder !== null) {
      recorder.stop();
      setRecorder(null);
      return;
    }
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const started = new MediaRecorder(stream);
    started.ondataavailable = ({ data }) => {
      for (const track of stream.getTracks()) track.stop();
      const type = data.type.split(";")[0] || "audio/webm";
      void toFile(new File([data], `voice.${type.split("/")[1]}`, { type })).then((file) => say({ file }));
    };
    started.start();
    setRecorder(started);
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {thread === null ? null : (
        <button type="button" class="leave" onClick={onLeaveThread}>
          Answering a message ×
        </button>
      )}
      <textarea
        aria-label="Message"
        rows={1}
        value={text}
        placeholder={canMention ? "Message, @bot…" : "Message"}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      <input
        ref={picker}
        type="file"
        hidden
        onChange={async (event) => {
          const [file] = event.currentTarget.files ?? [];
          if (file !== undefined) say({ file: await toFile(file), ...(text.trim() === "" ? {} : { text }) });
          setText("");
          if (picker.current) picker.current.value = "";
        }}
      />
      <button type="button" aria-label="Send a file" onClick={() => picker.current?.click()}>
        <Icon path="M8 12 13 7a2.5 2.5 0 0 1 4 4l-7 7a4 4 0 0 1-6-6l7-7" />
      </button>
      <button
        type="button"
        aria-label={recorder === null ? "Record" : "Stop and send"}
        aria-pressed={recorder !== null}
        onClick={() => void record().catch(() => undefined)}
      >
        <Icon path="M12 4v9M9 7v4a3 3 0 0 0 6 0V7a3 3 0 0 0-6 0M6 11a6 6 0 0 0 12 0M12 17v3" />
      </button>
      <button type="submit" aria-label="Send">
        <Icon path="M4 12h14M12 6l6 6-6 6" />
      </button>
    </form>
  );
}

const Icon = ({ path }: { path: string }) => (
  <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
    <path
      d={path}
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  </svg>
);

async function toFile(file: File): Promise<NonNullable<Words["file"]>> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192)
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return { name: file.name, content_type: file.type || "application/octet-stream", data: btoa(binary) };
}
