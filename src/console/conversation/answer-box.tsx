import { useEffect, useRef, useState } from "preact/hooks";
import { tick } from "../live/feed.ts";
import { callApi, newIdempotencyKey, wordsOf } from "../server/call.ts";
import { useKeys } from "../shell/keys.ts";
import { draftOf, keepDraft } from "./drafts.ts";

/** The field in which a person writes to the user. Only the holder of the conversation sees it. */
export function AnswerBox({ sessionId }: { sessionId: string }) {
  const [text, setText] = useState(() => draftOf(sessionId));
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  /** Stays the same while the same words are tried again, so they arrive once. */
  const attempt = useRef({ text: "", key: "" });
  useKeys({ r: () => field.current?.focus() });
  useEffect(() => keepDraft(sessionId, text), [text]);

  async function send(): Promise<void> {
    const content = text.trim();
    if (isBusy || content === "") return;
    if (attempt.current.text !== content) attempt.current = { text: content, key: newIdempotencyKey() };
    setBusy(true);
    setFailure(null);
    try {
      const path = `/chat/sessions/${sessionId}/handoff/reply`;
      await callApi("POST", path, { body: { content }, idempotencyKey: attempt.current.key });
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
        onKeyDown={(event) => {
          // 229: a character is being chosen.
          if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
          if (matchMedia("(pointer: coarse)").matches) return;
          event.preventDefault();
          void send();
        }}
      />
      <div class="answer-line">
        <span class="hint">Enter sends, Shift+Enter begins a line</span>
        <button type="submit" class="button primary" aria-busy={isBusy} disabled={text.trim() === ""}>
          Send
        </button>
      </div>
    </form>
  );
}
