import type { ComponentChildren, RefObject } from "preact";
import { useRef } from "preact/hooks";
import type { Draft } from "../chat/draft.ts";
import type { OutboxItem } from "../chat/outbox.ts";
import type { WireMessage } from "../chat/wire.ts";
import { useWords } from "../locales/words.ts";
import { Markdown } from "../markdown/markdown.tsx";
import { Attachments } from "./attachments.tsx";
import { useView } from "./context.ts";
import { later } from "./later.tsx";
import { memo } from "./memo.ts";
import { OutgoingState } from "./outgoing-state.tsx";
import { type Chosen, QuickReplies } from "./quick-replies.tsx";

const Rate = later(async () => (await import("./dialogs.ts")).Rate);

interface Place {
  /** True if the message before it has another author. */
  isFirst: boolean;
  /** True if no message of the same author follows. */
  isLast: boolean;
  /** True if its buttons may still be pressed. */
  isAnswerable: boolean;
  /** The visitor's next message, which may be one of its buttons. */
  chosen?: Chosen | null;
  /** True if the visitor may rate it. */
  isRateable?: boolean | undefined;
  /** True if it is the newest message, whose time is shown. */
  isNewest?: boolean;
}

/**
 * An answer: first a draft, then the stored message. Both share one view, so nothing jumps and a selection stays at the
 * change.
 */
export const Answer = memo(function Answer(props: Place & { message?: WireMessage; draft?: Draft }) {
  const { message, draft } = props;
  const { times, title } = useView();
  const words = useWords();
  const isBusy = draft !== undefined && draft.failure === null && !draft.stopped;
  const text = message?.content ?? draft?.text ?? "";
  const name = message ? `${title}, ${times.time(message.created_at)}` : title;
  const body = useRef<HTMLDivElement>(null);
  const version = useFreshWhenDone(isBusy, body);
  return (
    <Bubble by="assistant" name={name} state={isBusy ? "writing" : ""} isFirst={props.isFirst} busy={isBusy}>
      {text !== "" && (
        <div
          key={version}
          ref={body}
          translate={!isBusy}
          class={`body ${message?.format === "text" ? "as-written" : ""}`}
          part="bubble"
          dir="auto"
        >
          {message?.format === "text" ? text : <Markdown text={text} growing={isBusy} />}
        </div>
      )}
      {message && (
        <Extras message={message} isAnswerable={props.isAnswerable} chosen={props.chosen ?? null} />
      )}
      {message && props.isRateable && <Rate message={message} />}
      {draft && draft.failure !== null && (
        <p class="failure" role="alert">
          {draft.failure || words.noAnswer}
        </p>
      )}
      {(draft?.stopped || (message && props.isNewest)) && (
        <p class="meta">
          {draft?.stopped && <span class="stopped">{words.stopped}</span>}
          {message && <Time at={message.created_at} />}
        </p>
      )}
    </Bubble>
  );
});

/**
 * Translators ignore text that is being written and translate only new nodes. So a finished answer is drawn again,
 * unless somebody selects text in it.
 */
function useFreshWhenDone(isBusy: boolean, body: RefObject<HTMLElement | null>): string {
  const version = useRef(isBusy ? "growing" : "done");
  if (!isBusy && !isSelecting(body.current)) version.current = "done";
  return version.current;
}

function isSelecting(node: HTMLElement | null): boolean {
  // Only some browsers report a selection inside a shadow root.
  const root = node?.getRootNode() as { getSelection?(): Selection | null } | undefined;
  return (root?.getSelection?.() ?? document.getSelection())?.type === "Range";
}

/** The visitor's message: first outgoing, then stored. */
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
      {message && <Extras message={message} isAnswerable={false} chosen={null} />}
      {item?.attachments && <Attachments attachments={item.attachments} />}
      {item && <OutgoingState item={item} />}
      {message && props.isNewest && (
        <p class="meta">
          <Time at={message.created_at} />
        </p>
      )}
    </Bubble>
  );
});

/** The frame of every message. `name` is its name for screen readers. */
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

interface ExtrasProps {
  message: WireMessage;
  isAnswerable: boolean;
  /** The visitor's next message. */
  chosen: Chosen | null;
}

function Extras({ message, isAnswerable, chosen }: ExtrasProps) {
  const { attachments, buttons, session_id: sessionId } = message;
  return (
    <>
      {attachments.length > 0 && <Attachments sessionId={sessionId} attachments={attachments} />}
      {buttons.length > 0 && <QuickReplies buttons={buttons} isAnswerable={isAnswerable} chosen={chosen} />}
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
