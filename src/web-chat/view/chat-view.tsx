import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ChatState } from "../chat/chat-state.ts";
import { isAnswering } from "../chat/transcript.ts";
import type { WireResetOffer } from "../chat/wire.ts";
import { useWords } from "../locales/words.ts";
import { Composer } from "./composer.tsx";
import { useView } from "./context.ts";
import { Header } from "./header.tsx";
import { Icon } from "./icons.tsx";
import type { ResetDialogProps } from "./reset-dialog.tsx";
import { SessionList } from "./session-list.tsx";
import { Transcript } from "./transcript.tsx";
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
  const { conversation, title } = useView();
  const words = useWords();
  const pane = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const listToggle = useRef<HTMLButtonElement>(null);
  const [isListOpen, setListOpen] = useState(false);
  const [offer, setOffer] = useState<WireResetOffer | null>(null);
  const opener = useRef<HTMLElement | null>(null);
  const attach = useRef<(files: readonly File[]) => void>(() => undefined);
  /** Fetched at the first request. */
  const [Dialog, setDialog] = useState<ComponentType<ResetDialogProps> | null>(null);
  const see = () => {
    if (isShown && scroll.isAtEnd()) conversation.see();
  };
  const scroll = useScroll(pane, state, see);
  useEffect(see, [state.transcript.messages, isShown]);
  useEffect(() => {
    // On a touch screen that would open the keyboard unexpectedly.
    if (isShown && props.takesFocus && !matchMedia("(pointer: coarse)").matches)
      field.current?.focus({ preventScroll: true });
  }, [isShown, state.place]);
  useEffect(() => {
    if (props.resetRequests > 0) void askReset();
  }, [props.resetRequests]);

  async function askReset(): Promise<void> {
    const root = pane.current?.getRootNode() as ShadowRoot | undefined;
    opener.current = root?.activeElement instanceof HTMLElement ? root.activeElement : null;
    const [asked, loaded] = await Promise.all([
      conversation.resetOffer(),
      import("./dialogs.ts").catch(() => null),
    ]);
    if (!loaded) return conversation.tell("notDone");
    setDialog(() => loaded.ResetDialog);
    if (asked) setOffer(asked);
  }

  function closeList(): void {
    setListOpen(false);
    field.current?.focus();
  }

  const Main = props.isPage ? "main" : "div";
  const unreadElsewhere = state.sessions.reduce(
    (sum, { id, unread }) => (id === state.sessionId ? sum : sum + unread),
    0,
  );
  const status = state.connection === "offline" ? words.noConnection : state.loading ? words.loading : "";
  return (
    <div
      class={`chat ${state.connection}`}
      lang={props.lang}
      dir={props.dir}
      {...(onClose ? { role: "dialog", "aria-label": title } : {})}
      part="panel"
      onDragOver={(event) => {
        // Otherwise the browser would leave the page and open the file.
        if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
      }}
      onDrop={(event) => {
        const dropped = [...(event.dataTransfer?.files ?? [])];
        if (dropped.length === 0) return;
        event.preventDefault();
        attach.current(dropped);
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.isComposing || offer) return;
        if (isListOpen) {
          setListOpen(false);
          listToggle.current?.focus();
        } else if (onClose) onClose();
        else return;
        event.stopPropagation();
      }}
    >
      <div class="chat-grid">
        <SessionList
          sessions={state.sessions}
          current={state.sessionId}
          isOpen={isListOpen}
          onClose={closeList}
        />
        <Main class="main">
          <Header
            title={title}
            level={props.isPage ? 1 : 2}
            status={status}
            unreadElsewhere={unreadElsewhere}
            canStartOver={state.sessionId !== null}
            listToggle={listToggle}
            onToggleList={() => setListOpen(!isListOpen)}
            onNewChat={conversation.startNew}
            onStartOver={() => void askReset()}
            onClose={onClose}
          />
          {/* The log is not announced: screen readers would speak a streaming answer again with every word. */}
          <div
            ref={pane}
            class="pane"
            part="messages"
            role="log"
            aria-live="off"
            aria-label={words.messages}
            tabIndex={0}
          >
            <Transcript state={state} greeting={props.greeting} />
          </div>
          <div class="below">
            {scroll.hasNew && (
              <button type="button" class="jump" onClick={scroll.toEnd}>
                <Icon name="down" /> {words.newMessages}
              </button>
            )}
            <p class="notice" role="alert">
              {state.notice && words[state.notice]}
            </p>
          </div>
          <Composer
            place={state.place}
            isAnswering={isAnswering(state.transcript)}
            files={state.channel?.attachments ?? null}
            voiceSeconds={state.channel?.voice?.max_seconds ?? null}
            field={field}
            attach={attach}
            onSend={scroll.toEnd}
          />
          <div class="hidden" aria-live="polite">
            {props.announcement}
          </div>
        </Main>
      </div>
      {offer && Dialog && (
        <Dialog
          offer={offer}
          onClose={() => {
            setOffer(null);
            (opener.current?.isConnected ? opener.current : field.current)?.focus();
          }}
        />
      )}
    </div>
  );
}
