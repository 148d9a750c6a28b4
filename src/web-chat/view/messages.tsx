import type { RefObject } from "preact";
import type { ChatState } from "../chat/chat-state.ts";
import { useWords } from "../locales/words.ts";
import { Icon } from "./icons.tsx";
import { Transcript } from "./transcript.tsx";

/** The messages, with the way to new ones below, and the notice. */
export function Messages(props: {
  pane: RefObject<HTMLDivElement | null>;
  state: ChatState;
  greeting: string | null;
  hasNew: boolean;
  onJump: () => void;
}) {
  const { notice } = props.state;
  const words = useWords();
  return (
    <>
      {/* The log is not announced: screen readers would speak a streaming answer again with every word. */}
      <div
        ref={props.pane}
        class="pane"
        part="messages"
        role="log"
        aria-live="off"
        aria-label={words.messages}
        tabIndex={0}
      >
        <Transcript state={props.state} greeting={props.greeting} />
      </div>
      <div class="below">
        {props.hasNew && (
          <button type="button" class="jump" onClick={props.onJump}>
            <Icon name="down" /> {words.newMessages}
          </button>
        )}
        <p class="notice" role="alert">
          {notice && words[notice]}
        </p>
      </div>
    </>
  );
}
