import { useEffect, useRef, useState } from "preact/hooks";
import { tick } from "../live/feed.ts";
import { callApi, newIdempotencyKey, wordsOf } from "../server/call.ts";
import { useKeys } from "../shell/keys.ts";
import { draftOf, keepDraft } from "./drafts.ts";
import { UploadList } from "./upload-list.tsx";
import { useUploads } from "./use-uploads.ts";

/** The field in which a person writes to the user. Only the holder of the conversation sees it. */
export function AnswerBox({ sessionId }: { sessionId: string }) {
  const [text, setText] = useState(() => draftOf(sessionId));
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const files = useUploads(sessionId);
  const isEmpty = text.trim() === "" && files.ids.length === 0;
  /** Stays the same while the same words are tried again, so they arrive once. */
  const attempt = useRef({ text: "", key: "" });
  useKeys({ r: () => field.current?.focus() });
  useEffect(() => keepDraft(sessionId, text), [text]);

  async function send(): Promise<void> {
    const content = text.trim();
    if (isBusy || isEmpty || files.isStoring) return;
    const { ids } = files;
    const said = JSON.stringify([content, ids]);
    if (attempt.current.text !== said) attempt.current = { text: said, key: newIdempotencyKey() };
    setBusy(true);
    setFailure(null);
    try {
      const path = `/chat/sessions/${sessionId}/handoff/reply`;
      const body = { content, ...(ids.length === 0 ? {} : { attachment_ids: ids }) };
      await callApi("POST", path, { body, idempotencyKey: attempt.current.key });
      files.forget(ids);
      attempt.current = { text: "", key: "" };
      setText((now) => (now.trim() === content ? "" : now));
    } catch (error) {
      setFailure(wordsOf(error));
    }
    setBusy(false);
    tick();
    field.current?.focus();
  }

  return (
    <form
      class="answer-box"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {failure !== null && (
        <p class="problem" role="alert">
          Not sent. {failure}
        </p>
      )}
      <textarea
        ref={field}
        aria-label="Your answer to the user"
        placeholder="Write to the user…"
        rows={2}
        dir="auto"
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        onPaste={(event) => {
          const pasted = event.clipboardData?.files ?? [];
          if (pasted.length === 0) return;
          event.preventDefault();
          files.add(pasted);
        }}
        onKeyDown={(event) => {
          // 229: a character is being chosen.
          if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
          if (matchMedia("(pointer: coarse)").matches) return;
          event.preventDefault();
          void send();
        }}
      />
      <UploadList uploads={files.uploads} onRemove={files.remove} />
      <div class="answer-line">
        <button type="button" class="button" onClick={() => picker.current?.click()}>
          Attach files
        </button>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          aria-label="Files to attach"
          onChange={({ currentTarget }) => {
            files.add(currentTarget.files ?? []);
            currentTarget.value = "";
          }}
        />
        <span class="hint">Enter sends, Shift+Enter begins a line</span>
        <button type="submit" class="button primary" aria-busy={isBusy} disabled={isEmpty || files.isStoring}>
          Send
        </button>
      </div>
    </form>
  );
}
