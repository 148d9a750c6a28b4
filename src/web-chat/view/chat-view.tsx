import { useEffect, useRef, useState } from "preact/hooks";
import type { ChatState } from "../chat/chat-state.ts";
import { unreadOf } from "../chat/session-list.ts";
import { isAnswering } from "../chat/transcript.ts";
import { useWords } from "../locales/words.ts";
import { Composer, type ComposerProps } from "./composer.tsx";
import { useView } from "./context.ts";
import { dropFiles } from "./drop-files.ts";
import { isTouch } from "./enter-key.ts";
import { Header, type HeaderProps } from "./header.tsx";
import { Messages } from "./messages.tsx";
import { SessionList } from "./session-list.tsx";
import { useReset } from "./use-reset.tsx";
import { useScroll } from "./use-scroll.ts";

export interface ChatViewProps {
  state: ChatState;
  lang: string;
  dir: "ltr" | "rtl";
  greeting: string | null;
  /** True if it is visible: open, in a visible tab. */
  isShown: boolean;
  /** The newest message, for screen readers. */
  announcement: string;
  /** Counts the requests for the reset dialog. */
  resetRequests: number;
  /** True if the field may take the focus now. It must not take it from the page around the chat. */
  takesFocus: boolean;
  /** True if the chat is the whole page. Then it has the page's landmarks. */
  isPage: boolean;
  /** Null if the chat is the page, or part of it. */
  onClose: (() => void) | null;
}

/** The whole chat. */
export function ChatView(props: ChatViewProps) {
  const { state, isShown, onClose } = props;
  const { title } = useView();
  const field = useRef<HTMLTextAreaElement>(null);
  const listToggle = useRef<HTMLButtonElement>(null);
  const [isListOpen, setListOpen] = useState(false);
  const attach = useRef<(files: readonly File[]) => void>(() => undefined);
  const reset = useReset(field, props.resetRequests);
  useEffect(() => {
    // On a touch screen that would open the keyboard unexpectedly.
    if (isShown && props.takesFocus && !isTouch()) field.current?.focus({ preventScroll: true });
  }, [isShown, state.place]);

  function closeList(): void {
    setListOpen(false);
    field.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.isComposing || reset.dialog) return;
    if (isListOpen) {
      setListOpen(false);
      listToggle.current?.focus();
    } else if (onClose) onClose();
    else return;
    event.stopPropagation();
  }

  return (
    <div
      class={`chat ${state.connection}`}
      lang={props.lang}
      dir={props.dir}
      {...(onClose ? { role: "dialog", "aria-label": title } : {})}
      part="panel"
      {...dropFiles((files) => attach.current(files))}
      onKeyDown={onKeyDown}
    >
      <div class="chat-grid">
        <SessionList
          sessions={state.sessions}
          current={state.sessionId}
          isOpen={isListOpen}
          onClose={closeList}
        />
        <Main
          {...props}
          field={field}
          attach={attach}
          listToggle={listToggle}
          onToggleList={() => setListOpen(!isListOpen)}
          onStartOver={reset.ask}
        />
      </div>
      {reset.dialog}
    </div>
  );
}

interface MainProps extends ChatViewProps, Pick<ComposerProps, "field" | "attach"> {
  listToggle: HeaderProps["listToggle"];
  onToggleList: () => void;
  onStartOver: () => void;
}

/** The open chat, from the header to the composer. */
function Main(props: MainProps) {
  const { state, isShown, isPage } = props;
  const { conversation, title } = useView();
  const words = useWords();
  const pane = useRef<HTMLDivElement>(null);
  const see = () => {
    if (isShown && scroll.isAtEnd()) conversation.see();
  };
  const scroll = useScroll(pane, state, see);
  useEffect(see, [state.transcript.messages, isShown]);
  const Region = isPage ? "main" : "div";
  const status = state.connection === "offline" ? words.noConnection : state.loading ? words.loading : "";
  return (
    <Region class="main">
      <Header
        title={title}
        level={isPage ? 1 : 2}
        status={status}
        unreadElsewhere={unreadOf(state.sessions.filter(({ id }) => id !== state.sessionId))}
        listToggle={props.listToggle}
        actions={{
          onToggleList: props.onToggleList,
          onNewChat: conversation.startNew,
          onStartOver: state.sessionId === null ? null : props.onStartOver,
        }}
        onClose={props.onClose}
      />
      <Messages
        pane={pane}
        state={state}
        greeting={props.greeting}
        hasNew={scroll.hasNew}
        onJump={scroll.toEnd}
      />
      <Composer
        place={state.place}
        isAnswering={isAnswering(state.transcript)}
        files={state.channel?.attachments ?? null}
        voiceSeconds={state.channel?.voice?.max_seconds ?? null}
        field={props.field}
        attach={props.attach}
        onSend={scroll.toEnd}
      />
      <div class="hidden" aria-live="polite">
        {props.announcement}
      </div>
    </Region>
  );
}
