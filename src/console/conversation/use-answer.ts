import { useEffect, useState } from "preact/hooks";
import { tick } from "../live/feed.ts";
import { callApi, wordsOf } from "../server/call.ts";
import { useAttemptKey } from "../server/use-attempt-key.ts";
import { draftOf, keepDraft } from "./drafts.ts";
import { useUploads } from "./use-uploads.ts";

/** The answer that a person writes to the user: words and files, kept until they are sent. */
export function useAnswer(sessionId: string) {
  const [text, setText] = useState(() => draftOf(sessionId));
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const files = useUploads(sessionId);
  const attempt = useAttemptKey();
  const canSend = !files.isStoring && (text.trim() !== "" || files.ids.length > 0);
  useEffect(() => keepDraft(sessionId, text), [text]);

  /** @param onDone called after each attempt, also a failed one. */
  async function send(onDone: () => void): Promise<void> {
    const content = text.trim();
    if (isBusy || !canSend) return;
    const { ids } = files;
    const idempotencyKey = attempt.keyFor([content, ids]);
    setBusy(true);
    setFailure(null);
    try {
      const path = `/chat/sessions/${sessionId}/handoff/reply`;
      const body = { content, ...(ids.length === 0 ? {} : { attachment_ids: ids }) };
      await callApi("POST", path, { body, idempotencyKey });
      files.forget(ids);
      attempt.forget();
      setText((now) => (now.trim() === content ? "" : now));
    } catch (error) {
      setFailure(wordsOf(error));
    }
    setBusy(false);
    tick();
    onDone();
  }

  return { text, setText, files, canSend, isBusy, failure, send };
}
