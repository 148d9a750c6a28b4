import { useEffect, useRef, useState } from "preact/hooks";
import { plainText } from "../../web-chat/markdown/plain-text.ts";
import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { Message, Page } from "../server/wire.ts";
import { Age } from "../shell/age.tsx";
import { Link } from "../shell/link.tsx";

const EVERY_MS = 30_000;
const PAUSE_MS = 250;
const MOST = 50;

/** Finds words in one conversation, also in messages that are not loaded. Each hit leads to its message. */
export function Find(props: { sessionId: string; hrefOf: (seq: number) => string; onClose: () => void }) {
  const { sessionId, hrefOf, onClose } = props;
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState("");
  const { words, data, failure } = useHits(sessionId, typed.trim());
  useEffect(() => field.current?.focus(), []);
  return (
    <search
      class="find"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onClose();
      }}
    >
      <div class="form-line">
        <input
          ref={field}
          type="search"
          aria-label="Find words in this conversation"
          placeholder="Find whole words"
          maxLength={200}
          value={typed}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        />
        <button type="button" class="button" onClick={onClose}>
          Close
        </button>
      </div>
      {failure !== null && <p class="problem">{failure}</p>}
      <p class="hint" role="status">
        {words === "" || data === null ? "" : countOf(data)}
      </p>
      <ul class="hits" aria-label="Found messages">
        {[...(data?.data ?? [])].reverse().map(({ id, seq, role, content, created_at: at }) => (
          <li key={id}>
            <Link href={hrefOf(seq)}>
              <span dir="auto">{role === "assistant" ? plainText(content) : content}</span>
              <Age at={at} />
            </Link>
          </li>
        ))}
      </ul>
    </search>
  );
}

/** The messages with the words, once nobody has typed for a moment. */
function useHits(sessionId: string, typed: string) {
  const [words, setWords] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setWords(typed), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const { data, failure } = useLive<Page<Message> | null>(
    `find ${sessionId} ${words}`,
    async (signal) => {
      if (words === "") return null;
      const query = new URLSearchParams({ q: words, limit: String(MOST), before_seq: String(2 ** 31 - 1) });
      return callApi<Page<Message>>("GET", `/chat/sessions/${sessionId}/messages?${query}`, { signal });
    },
    EVERY_MS,
    sessionId,
  );
  return { words, data, failure };
}

function countOf({ data, meta }: Page<Message>): string {
  if (meta.total === 0) return "No message has these words.";
  const all = `${meta.total} ${meta.total === 1 ? "message" : "messages"}`;
  return meta.total > data.length ? `${all}; the newest ${data.length} are shown` : all;
}
