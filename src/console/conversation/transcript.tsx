import { useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "../../web-chat/view/icons.tsx";
import { useScroll } from "../../web-chat/view/use-scroll.ts";
import { agentName, useNames } from "../live/names.ts";
import { Link } from "../shell/link.tsx";
import type { Conversation } from "./conversation.ts";
import { DraftView } from "./draft-view.tsx";
import { endWords } from "./end-words.ts";
import { MessageList } from "./message-list.tsx";
import { recordsOf, runningTurn } from "./records.ts";
import type { Records } from "./state-line.ts";
import { useDraft } from "./use-draft.ts";

interface TranscriptProps {
  conversation: Conversation;
  /** The `seq` of the message that is brought into view; null: the newest one. */
  at: number | null;
  /** The address of a message; null: of the newest ones. */
  hrefOf: (seq: number | null) => string;
  onMore: (side: "earlier" | "later") => Promise<void>;
}

/** The messages of a conversation, by day, with the answer that is being written at the end. */
export function Transcript({ conversation, at, hrefOf, onMore }: TranscriptProps) {
  const { session, messages, hasEarlier, hasLater } = conversation;
  const pane = useRef<HTMLDivElement>(null);
  const records = useRef<Map<string, Records>>(new Map());
  records.current = recordsOf(conversation, records.current);
  const draft = useDraft(runningTurn(conversation.executions));
  const scroll = useScroll(pane, { place: session.id, loading: false }, () => undefined);
  const bot = agentName(useNames(), session.agent_id);
  useLayoutEffect(() => {
    if (at === null) return;
    const target = pane.current?.querySelector<HTMLElement>(`[data-seq="${at}"]`);
    target?.scrollIntoView({ block: "center" });
    target?.focus({ preventScroll: true });
  }, [at]);
  return (
    <div class="transcript">
      <div ref={pane} class="pane" role="log" aria-live="off" aria-label="Messages" tabIndex={0}>
        <div class="messages">
          {hasEarlier && (
            <button type="button" class="button more" onClick={() => void onMore("earlier")}>
              Show earlier messages
            </button>
          )}
          {messages.length === 0 && draft === null && <p class="empty">Nothing was said yet.</p>}
          <MessageList conversation={conversation} records={records.current} at={at} hrefOf={hrefOf} />
          {hasLater && <LaterMessages onMore={() => void onMore("later")} newest={hrefOf(null)} />}
          {draft !== null && !hasLater && <DraftView draft={draft} bot={bot} />}
          {session.status === "completed" && !hasLater && <p class="day">{endWords(session)}</p>}
        </div>
      </div>
      {scroll.hasNew && (
        <button type="button" class="pill" onClick={scroll.toEnd}>
          <Icon name="down" /> New messages
        </button>
      )}
    </div>
  );
}

function LaterMessages({ onMore, newest }: { onMore: () => void; newest: string }) {
  return (
    <p class="later">
      <button type="button" class="button" onClick={onMore}>
        Show later messages
      </button>
      <Link class="button" href={newest}>
        To the newest
      </Link>
    </p>
  );
}
