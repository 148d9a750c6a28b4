import { useRef } from "preact/hooks";
import { sends } from "../../web-chat/view/enter-key.ts";
import { useKeys } from "../shell/keys.ts";
import { Problem } from "../shell/problem.tsx";
import { UploadList } from "./upload-list.tsx";
import { useAnswer } from "./use-answer.ts";

/** The field in which a person writes to the user. Only the holder of the conversation sees it. */
export function AnswerBox({ sessionId }: { sessionId: string }) {
  const { text, setText, files, canSend, isBusy, failure, send } = useAnswer(sessionId);
  const field = useRef<HTMLTextAreaElement>(null);
  useKeys({ r: () => field.current?.focus() });
  const submit = () => void send(() => field.current?.focus());
  return (
    <form
      class="answer-box"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {failure !== null && <Problem>Not sent. {failure}</Problem>}
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
          if (!sends(event)) return;
          event.preventDefault();
          submit();
        }}
      />
      <UploadList uploads={files.uploads} onRemove={files.remove} />
      <div class="answer-line">
        <AttachFiles onFiles={files.add} />
        <span class="hint">Enter sends, Shift+Enter begins a line</span>
        <button type="submit" class="button primary" aria-busy={isBusy} disabled={!canSend}>
          Send
        </button>
      </div>
    </form>
  );
}

function AttachFiles({ onFiles }: { onFiles: (files: Iterable<File>) => void }) {
  const picker = useRef<HTMLInputElement>(null);
  return (
    <>
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
          onFiles(currentTarget.files ?? []);
          currentTarget.value = "";
        }}
      />
    </>
  );
}
