import type { Ref } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { fill, useWords } from "../locales/words.ts";
import { useView } from "./context.ts";
import { Icon } from "./icons.tsx";
import { later } from "./later.tsx";
import { UploadTray } from "./upload-tray.tsx";
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
  const { place, isAnswering, files: allowed, voiceSeconds, field, attach, onSend } = props;
  const { conversation } = useView();
  const words = useWords();
  const [text, setText] = useDraft(place);
  const files = useUploads(allowed?.max_bytes ?? null);
  const picker = useRef<HTMLInputElement>(null);
  const excess = text.trim().length - CONTENT_LIMIT;
  const canSend = excess <= 0 && !files.isBusy && (text.trim() !== "" || files.uploads.length > 0);
  attach.current = (given) => {
    if (allowed !== null) void files.add(given);
  };
  const isStop = isAnswering && text.trim() === "" && files.uploads.length === 0;

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
      {excess > 0 && (
        <p class="refusals" role="alert">
          {fill(words.tooLong, { count: excess })}
        </p>
      )}
      <UploadTray uploads={files.uploads} refusals={files.refusals} />
      <div class="composer-row">
        {allowed !== null && (
          <button
            type="button"
            class="icon-button attach"
            aria-label={words.attach}
            title={words.attach}
            onClick={() => picker.current?.click()}
          >
            <Icon name="attach" />
            <input
              ref={picker}
              type="file"
              multiple
              accept={allowed.types.join(",")}
              hidden
              onChange={({ currentTarget }) => {
                void files.add([...(currentTarget.files ?? [])]);
                currentTarget.value = "";
              }}
            />
          </button>
        )}
        <textarea
          ref={field}
          rows={1}
          placeholder={words.placeholder}
          aria-label={words.yourMessage}
          enterkeyhint={isTouch() ? "enter" : "send"}
          autoComplete="off"
          dir="auto"
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
          onKeyDown={(event) => {
            if (!sends(event)) return;
            event.preventDefault();
            send();
          }}
          onPaste={(event) => {
            const pasted = [...(event.clipboardData?.files ?? [])];
            // Spreadsheets and word processors add a picture of the text.
            const isText = event.clipboardData?.getData("text/plain") !== "";
            if (allowed === null || pasted.length === 0 || isText) return;
            event.preventDefault();
            void files.add(pasted);
          }}
        />
        {voiceSeconds !== null && allowed?.types.some(isSound) && canRecord() && (
          <Voice
            place={place}
            maxSeconds={voiceSeconds}
            onSound={(sound) => void files.add([sound])}
            onProblem={files.tell}
          />
        )}
        <button
          type="submit"
          class={`icon-button send ${isStop ? "stop" : ""}`}
          part="send"
          aria-label={isStop ? words.stop : words.send}
          title={isStop ? words.stop : words.send}
          aria-disabled={!isStop && !canSend}
        >
          <Icon name={isStop ? "stop" : "send"} />
        </button>
      </div>
    </form>
  );
}

/** A browser records only on pages with TLS, or on this machine. */
const canRecord = () => typeof MediaRecorder === "function" && navigator.mediaDevices !== undefined;
const isSound = (type: string) => type.startsWith("audio/");

/** In some scripts Enter ends the choice of a character. On a touch keyboard it makes a new line. */
function sends(event: KeyboardEvent): boolean {
  const isEnter = event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229;
  return isEnter && !isTouch();
}

const isTouch = () => matchMedia("(pointer: coarse)").matches;

/** The draft, kept per chat while the page is open. The draft of the open chat is kept as long as the tab. */
function useDraft(place: string): [string, (text: string) => void] {
  const { conversation } = useView();
  const drafts = useRef(new Map<string, string>());
  const [, redraw] = useState(0);
  useEffect(() => () => drafts.current.clear(), []);
  const set = (text: string) => {
    drafts.current.set(place, text);
    conversation.keepDraft(text);
    redraw((count) => count + 1);
  };
  return [drafts.current.get(place) ?? conversation.keptDraft(), set];
}
