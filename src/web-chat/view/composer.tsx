import type { Ref } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useView } from "./context.ts";
import { Icon } from "./icons.tsx";
import { UploadTray } from "./upload-tray.tsx";
import { useUploads } from "./use-uploads.ts";
import { useWords } from "./words.ts";

/** The longest message the server takes, UTF-16 units. */
const CONTENT_LIMIT = 32_000;

export interface ComposerProps {
  /** Names what is being written: every chat has a draft of its own. */
  place: string;
  isAnswering: boolean;
  /** What may be attached; null: nothing. */
  files: { max_bytes: number; types: string[] } | null;
  field: Ref<HTMLTextAreaElement> & { current: HTMLTextAreaElement | null };
  onSend: () => void;
}

/** Where messages are typed. Never disabled: people may write on while the bot answers. */
export function Composer({ place, isAnswering, files: allowed, field, onSend }: ComposerProps) {
  const { conversation } = useView();
  const words = useWords();
  const [text, setText] = useDraft(place);
  const files = useUploads(allowed?.max_bytes ?? null);
  const picker = useRef<HTMLInputElement>(null);
  const canSend = !files.isBusy && (text.trim() !== "" || files.uploads.length > 0);
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
          maxLength={CONTENT_LIMIT}
          placeholder={words.placeholder}
          aria-label={words.yourMessage}
          enterkeyhint="send"
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
            if (allowed === null || pasted.length === 0) return;
            event.preventDefault();
            void files.add(pasted);
          }}
          onDrop={(event) => {
            const dropped = [...(event.dataTransfer?.files ?? [])];
            if (allowed === null || dropped.length === 0) return;
            event.preventDefault();
            void files.add(dropped);
          }}
        />
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

/** Enter ends the choice of a character in some scripts, and on a touch keyboard it makes a new line. */
function sends(event: KeyboardEvent): boolean {
  const isEnter = event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229;
  return isEnter && !matchMedia("(pointer: coarse)").matches;
}

/** What is being written, kept per chat while the page is open; never stored. */
function useDraft(place: string): [string, (text: string) => void] {
  const drafts = useRef(new Map<string, string>());
  const [, redraw] = useState(0);
  useEffect(() => () => drafts.current.clear(), []);
  const set = (text: string) => {
    drafts.current.set(place, text);
    redraw((count) => count + 1);
  };
  return [drafts.current.get(place) ?? "", set];
}
