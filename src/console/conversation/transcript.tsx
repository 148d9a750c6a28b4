import { useLayoutEffect, useRef } from "preact/hooks";
import { Markdown } from "../../web-chat/markdown/markdown.tsx";
import { Icon } from "../../web-chat/view/icons.tsx";
import { useScroll } from "../../web-chat/view/use-scroll.ts";
import { agentName, useNames } from "../live/names.ts";
import type { Message } from "../server/wire.ts";
import { Link } from "../shell/link.tsx";
import { times } from "../shell/times.ts";
import { userName } from "../shell/user-name.ts";
import type { Conversation } from "./conversation.ts";
import { MessageView } from "./message.tsx";
import { recordsOf, runningTurn } from "./records.ts";
import type { Records } from "./state-line.ts";
import { type Draft, useDraft } from "./use-draft.ts";

/** The messages of a conversation, by day, with the answer that is being written at the end. */
export function Transcript(props: {
  conversation: Conversation;
  /** The `seq` of the message that is brought into view; null: the newest one. */
  at: number | null;
  /** The address of a message; null: of the newest ones. */
  hrefOf: (seq: number | null) => string;
  onMore: (side: "earlier" | "later") => Promise<void>;
}) {
  const { conversation, at, hrefOf, onMore } = props;
  const { session, user, messages } = conversation;
  const bot = agentName(useNames(), session.agent_id);
  const pane = useRef<HTMLDivElement>(null);
  const records = useRef<Map<string, Records>>(new Map());
  records.current = recordsOf(conversation, records.current);
  const draft = useDraft(runningTurn(conversation.executions));
  const scroll = useScroll(pane, { place: session.id, loading: false }, () => undefined);
  useLayoutEffect(() => {
    if (at === null) return;
    const target = pane.current?.querySelector<HTMLElement>(`[data-seq="${at}"]`);
    target?.scrollIntoView({ block: "center" });
    target?.focus({ preventScroll: true });
  }, [at]);

  const newestAsked = conversation.hasLater
    ? undefined
    : messages.findLast(({ role, origin }) => role === "user" || origin === "instruction")?.id;
  const authorOf = (message: Message) =>
    message.role === "user" || message.origin === "operator"
      ? (message.author?.name ?? (message.role === "user" ? userName(user) : "A person"))
      : bot;

  return (
    <div class="transcript">
      <div ref={pane} class="pane" role="log" aria-live="off" aria-label="Messages" tabIndex={0}>
        <div class="messages">
          {conversation.hasEarlier && (
            <button type="button" class="button more" onClick={() => void onMore("earlier")}>
              Show earlier messages
            </button>
          )}
          {messages.length === 0 && draft === null && <p class="empty">Nothing was said yet.</p>}
          {messages.map((message, index) => {
            const previous = messages[index - 1];
            const day = times.day(message.created_at);
            const isNewDay = previous === undefined || times.day(previous.created_at) !== day;
            return [
              isNewDay && (
                <p class="day" key={`day ${message.id}`}>
                  {day}
                </p>
              ),
              <MessageView
                key={message.id}
                message={message}
                records={records.current.get(message.id) ?? { deliveries: [], execution: null, feedback: [] }}
                author={authorOf(message)}
                href={hrefOf(message.seq)}
                isTarget={message.seq === at}
                isNewestAsked={message.id === newestAsked}
                isFirst={isNewDay || previous?.origin !== message.origin || isApart(previous, message)}
              />,
            ];
          })}
          {conversation.hasLater && (
            <p class="later">
              <button type="button" class="button" onClick={() => void onMore("later")}>
                Show later messages
              </button>
              <Link class="button" href={hrefOf(null)}>
                To the newest
              </Link>
            </p>
          )}
          {draft !== null && !conversation.hasLater && <DraftView draft={draft} bot={bot} />}
          {session.status === "completed" && !conversation.hasLater && <p class="day">{endOf(session)}</p>}
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

const APART_MS = 5 * 60_000;

/** The next message gets a separate heading after a while, or if another person wrote it. */
function isApart(previous: Message, message: Message): boolean {
  const gap = new Date(message.created_at).getTime() - new Date(previous.created_at).getTime();
  return gap > APART_MS || previous.author?.name !== message.author?.name;
}

const ENDS: Readonly<Record<string, string>> = {
  user_reset: "The user started over.",
  user: "The user ended this conversation.",
  bot: "The bot ended this conversation.",
  api: "This conversation was ended over the API.",
  event: "An event rule ended this conversation.",
  operator: "An operator ended this conversation.",
  new_session: "A newer conversation replaced this one.",
  expired: "This conversation expired.",
};

function endOf({ end_reason: reason }: { end_reason: string | null }): string {
  return ENDS[reason ?? ""] ?? "This conversation is completed.";
}

function DraftView({ draft, bot }: { draft: Draft; bot: string }) {
  return (
    <article class="message ours assistant bot first" aria-label={`${bot} is writing`} aria-busy="true">
      <p class="author">{bot}</p>
      {draft.text === "" ? (
        <p class="writing-dots">
          <span>{draft.tool === null ? "Writing…" : `Using ${draft.tool}…`}</span>
        </p>
      ) : (
        <div class="body" dir="auto">
          <Markdown text={draft.text} growing />
        </div>
      )}
    </article>
  );
}
