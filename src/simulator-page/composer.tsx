import { useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./icon.tsx";
import { ShareDialog } from "./share-dialog.tsx";
import type { Shared } from "./shared-thing.ts";
import { type SentFile, toFile } from "./to-file.ts";
import { useRecorder } from "./use-recorder.ts";

export interface Words extends Shared {
  text?: string;
  file?: SentFile;
}

export interface ComposerProps {
  canMention: boolean;
  /** False: users of the platform share no places and no contacts. */
  canShare: boolean;
  thread: string | null;
  onLeaveThread(): void;
  say(words: Words): void;
}

/** Writes as the user: text, a file, a place, a contact, or a recording from the microphone. */
export function Composer({ canMention, canShare, thread, onLeaveThread, say }: ComposerProps) {
  const [text, setText] = useState("");
  const dialog = useRef<HTMLDialogElement>(null);
  const { isRecording, toggle } = useRecorder((file) => say({ file }));

  function send(): void {
    if (text.trim() === "") return;
    say({ text });
    setText("");
  }

  async function sendFile(file: File | undefined): Promise<void> {
    if (file !== undefined) say({ file: await toFile(file), ...(text.trim() === "" ? {} : { text }) });
    setText("");
  }

  return (
    <>
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
        <Field
          text={text}
          placeholder={canMention ? "Message, @bot…" : "Message"}
          onText={setText}
          send={send}
        />
        <FileButton onFile={(file) => void sendFile(file)} />
        {canShare ? (
          <ToolButton
            label="Send a place or a contact"
            icon="place"
            onClick={() => dialog.current?.showModal()}
          />
        ) : null}
        <ToolButton
          label={isRecording ? "Stop and send" : "Record"}
          icon="record"
          isOn={isRecording}
          onClick={toggle}
        />
        <button type="submit" aria-label="Send">
          <Icon name="send" />
        </button>
      </form>
      {canShare ? <ShareDialog dialog={dialog} say={say} /> : null}
    </>
  );
}

function ToolButton(props: { label: string; icon: IconName; isOn?: boolean; onClick(): void }) {
  return (
    <button
      type="button"
      aria-label={props.label}
      title={props.label}
      aria-pressed={props.isOn}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}

function Field(props: { text: string; placeholder: string; onText(text: string): void; send(): void }) {
  return (
    <textarea
      aria-label="Message"
      rows={1}
      value={props.text}
      placeholder={props.placeholder}
      onInput={(event) => props.onText(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        props.send();
      }}
    />
  );
}

function FileButton({ onFile }: { onFile(file: File | undefined): void }) {
  const picker = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={picker}
        type="file"
        hidden
        onChange={({ currentTarget }) => {
          onFile(currentTarget.files?.[0]);
          currentTarget.value = "";
        }}
      />
      <ToolButton label="Send a file" icon="file" onClick={() => picker.current?.click()} />
    </>
  );
}
