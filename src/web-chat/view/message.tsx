import type { ComponentChildren } from "preact";
import type { Draft } from "../chat/draft.ts";
import type { OutboxItem } from "../chat/outbox.ts";
import type { WireMessage } from "../chat/wire.ts";
import { Markdown } from "../markdown/markdown.tsx";
import { Attachments } from "./attachments.tsx";
import { useView } from "./context.ts";
import { memo } from "./memo.ts";
import { OutgoingState } from "./outgoing-state.tsx";
import { QuickReplies } from "./quick-replies.tsx";
import { useWords } from "./words.ts";

interface Place {
  /** Whether somebody else said what is before it. */
  isFirst: boolean;
  /** Whether nothing of the same person follows. */
  isLast: boolean;
  /** Whether its buttons may still be pressed. */
  isAnswerable: boolean;
}

/**
 * An answer: while it is written a draft, then the stored message. One view of both, so that nothing jumps and a
 * selection stays when the one becomes the other.
 */
export const Answer = memo(function Answer(props: Place & { message?: WireMessage; draft?: Draft }) {
  const { message, draft } = props;
  const { times, title } = useView();
  const words = useWords();
  const isBusy = draft !== undefined && draft.failure === null && !draft.stopped;
  const text = message?.content ?? draft?.text ?? "";
  const name = message ? `${title}, ${times.time(message.created_at)}` : title;
  return (
    <Bubble by="assistant" name={name} state={isBusy ? "writing" : ""} isFirst={props.isFirst} busy={isBusy}>
      {text !== "" && (
        <div class="body" part="bubble" dir="auto">
          <Markdown text={text} growing={isBusy} />
        </div>
      )}
      {message && <Extras message={message} isAnswerable={props.isAnswerable} />}
      {draft && draft.failure !== null && (
        <p class="failure" role="alert">
          {draft.failure || words.noAnswer}
        </p>
      )}
      {(draft?.stopped || (message && props.isLast)) && (
        <p class="meta">
          {draft?.stopped && <span class="stopped">{words.stopped}</span>}
          {message && <Time at={message.created_at} />}
        </p>
      )}
    </Bubble>
  );
});

/** What the visitor said: on its way at first, then the stored message. */
export const Said = memo(function Said(props: Place & { message?: WireMessage; item?: OutboxItem }) {
  const { message, item } = props;
  const { times } = useView();
  const words = useWords();
  const isFailed = item?.state === "failed";
  const state = item ? words[item.state === "failed" ? "notSent" : item.state] : "";
  const name = `${words.you}, ${message ? times.time(message.created_at) : state}`;
  const text = message?.content ?? item?.content ?? "";
  const look = isFailed ? "failed" : item ? "sending" : "";
  return (
    <Bubble by="user" name={name} state={look} isFirst={props.isFirst}>
      {text !== "" && (
        <div class="body" part="bubble" dir="auto">
          {text}
        </div>
      )}
      {message && <Extras message={message} isAnswerable={false} />}
      {item?.attachments && <Attachments attachments={item.attachments} />}
      {item && <OutgoingState item={item} />}
      {message && props.isLast && (
        <p class="meta">
          <Time at={message.created_at} />
        </p>
      )}
    </Bubble>
  );
});

/** The frame of every message; `name` is what it is called by those who hear it. */
function Bubble(props: {
  by: "user" | "assistant";
  name: string;
  state: string;
  isFirst: boolean;
  busy?: boolean;
  children: ComponentChildren;
}) {
  const { by, name, state, isFirst } = props;
  return (
    <article
      class={`message ${by} ${state} ${isFirst ? "first" : ""}`}
      part={`message ${by}-message`}
      aria-label={name}
      aria-busy={props.busy ?? false}
    >
      {props.children}
    </article>
  );
}

function Extras({ message, isAnswerable }: { message: WireMessage; isAnswerable: boolean }) {
  const { attachments, buttons, session_id: sessionId } = message;
  return (
    <>
      {attachments.length > 0 && <Attachments sessionId={sessionId} attachments={attachments} />}
      {buttons.length > 0 && <QuickReplies buttons={buttons} isAnswerable={isAnswerable} />}
    </>
  );
}

function Time({ at }: { at: string }) {
  const { times } = useView();
  return (
    <time dateTime={at} title={times.full(at)}>
      {times.time(at)}
    </time>
  );
}
