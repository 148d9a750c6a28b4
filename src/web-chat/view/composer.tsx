import type { Ref } from "preact";
import { fill, useWords } from "../locales/words.ts";
import { AttachButton } from "./attach-button.tsx";
import { useView } from "./context.ts";
import { Icon } from "./icons.tsx";
import { later } from "./later.tsx";
import { MessageField } from "./message-field.tsx";
import { UploadTray } from "./upload-tray.tsx";
import { useDraft } from "./use-draft.ts";
import { useUploads } from "./use-uploads.ts";

const Voice = later(async () => (await import("./voice.tsx")).Voice);

/** The longest message that the server accepts, in UTF-16 code units. */
const CONTENT_LIMIT = 32_000;

export interface ComposerProps {
  /** The id of the draft, because every chat has its own draft. */
  place: string;
  isAnswering: boolean;
  /** The allowed attachments; null if there are none. */
  files: { max_bytes: number; types: string[] } | null;
  /** The longest voice message, seconds; null if nobody hears one. */
  voiceSeconds: number | null;
  field: Ref<HTMLTextAreaElement> & { current: HTMLTextAreaElement | null };
  /** The chat sets this function, which attaches dropped files. */
  attach: { current: (files: readonly File[]) => void };
  onSend: () => void;
}

/** The input for messages. It is never disabled, because people may write while the bot answers. */
export function Composer(props: ComposerProps) {
  const { place, files: allowed, voiceSeconds, field, attach, onSend } = props;
  const { conversation } = useView();
  const [text, setText] = useDraft(place);
  const files = useUploads(allowed?.max_bytes ?? null);
  const excess = text.trim().length - CONTENT_LIMIT;
  const isEmpty = text.trim() === "" && files.uploads.length === 0;
  const canSend = excess <= 0 && !files.isBusy && !isEmpty;
  const isStop = props.isAnswering && isEmpty;
  const add = (given: readonly File[]) => void files.add(given);
  const onFiles = allowed && add;
  attach.current = (given) => onFiles?.(given);

  function send(): void {
    if (!canSend) return;
    const attachments = files.take();
    conversation.send({ content: text.trim(), ...(attachments.length > 0 ? { attachments } : {}) });
    setText("");
    onSend();
    field.current?.focus();
  }

  return (
    <form
      class="composer"
      part="composer"
      onSubmit={(event) => {
        event.preventDefault();
        if (isStop) void conversation.stop();
        else send();
      }}
    >
      <TooLong excess={excess} />
      <UploadTray uploads={files.uploads} refusals={files.refusals} />
      <div class="composer-row">
        {allowed && <AttachButton types={allowed.types} onFiles={add} />}
        <MessageField field={field} text={text} onText={setText} onSend={send} onFiles={onFiles} />
        {voiceSeconds !== null && allowed?.types.some(isSound) && canRecord() && (
          <Voice
            place={place}
            maxSeconds={voiceSeconds}
            onSound={(sound) => add([sound])}
            onProblem={files.tell}
          />
        )}
        <SendButton isStop={isStop} canSend={canSend} />
      </div>
    </form>
  );
}

function TooLong({ excess }: { excess: number }) {
  const words = useWords();
  if (excess <= 0) return null;
  return (
    <p class="refusals" role="alert">
      {fill(words.tooLong, { count: excess })}
    </p>
  );
}

/** Sends the message. While the bot answers and nothing is written, it stops the answer. */
function SendButton({ isStop, canSend }: { isStop: boolean; canSend: boolean }) {
  const words = useWords();
  const name = isStop ? "stop" : "send";
  return (
    <button
      type="submit"
      class={`icon-button send ${isStop ? "stop" : ""}`}
      part="send"
      aria-label={words[name]}
      title={words[name]}
      aria-disabled={!isStop && !canSend}
    >
      <Icon name={name} />
    </button>
  );
}

/** A browser records only on pages with TLS, or on this machine. */
const canRecord = () => typeof MediaRecorder === "function" && navigator.mediaDevices !== undefined;
const isSound = (type: string) => type.startsWith("audio/");
