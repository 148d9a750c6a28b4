import { useEffect, useRef } from "preact/hooks";
import type { WireSession } from "../chat/wire.ts";
import { fill, useWords } from "../locales/words.ts";
import { useView } from "./context.ts";
import { Icon } from "./icons.tsx";
import { memo } from "./memo.ts";

/** The visitor's chats: beside the open one if there is room, over it if there is not. */
export const SessionList = memo(function SessionList(props: {
  sessions: readonly WireSession[];
  current: string | null;
  isOpen: boolean;
  onClose: () => void;
}) {
  const { conversation } = useView();
  const words = useWords();
  const list = useRef<HTMLElement>(null);
  useEffect(() => {
    if (props.isOpen) list.current?.querySelector<HTMLElement>("[aria-current], button")?.focus();
  }, [props.isOpen]);
  return (
    <nav
      ref={list}
      class={`sidebar ${props.isOpen ? "open" : ""}`}
      part="sessions"
      id="chats"
      aria-label={words.yourChats}
    >
      <button
        type="button"
        class="new-chat"
        onClick={() => {
          conversation.startNew();
          props.onClose();
        }}
      >
        <Icon name="plus" /> {words.newChat}
      </button>
      <ul>
        {props.sessions.map((session) => (
          <li key={session.id}>
            <SessionEntry
              session={session}
              isCurrent={session.id === props.current}
              onOpen={() => {
                void conversation.open(session.id);
                props.onClose();
              }}
            />
          </li>
        ))}
      </ul>
    </nav>
  );
});

function SessionEntry(props: { session: WireSession; isCurrent: boolean; onOpen: () => void }) {
  const { title, unread, last_activity_at: at } = props.session;
  const { times } = useView();
  const words = useWords();
  return (
    <button type="button" aria-current={props.isCurrent ? "true" : undefined} onClick={props.onOpen}>
      <span class="session-title" dir="auto">
        {title ?? words.newChat}
      </span>
      <span class="session-day">{times.day(at)}</span>
      {unread > 0 && (
        <span class="badge">
          <span aria-hidden="true">{unread}</span>
          <span class="hidden">{fill(words.unread, { count: unread })}</span>
        </span>
      )}
    </button>
  );
}
