import type { Ref } from "preact";
import { Icon, type IconName } from "./icons.tsx";
import { memo } from "./memo.ts";
import { Avatar } from "./welcome.tsx";
import { fill, useWords } from "./words.ts";

/** Who one talks to, and what can be done with the chat as a whole. */
export const Header = memo(function Header(props: {
  title: string;
  /** Of the heading: the page's own, or one below it. */
  level: 1 | 2;
  /** How the connection is; empty: well. */
  status: string;
  unreadElsewhere: number;
  canStartOver: boolean;
  isListOpen: boolean;
  listToggle: Ref<HTMLButtonElement>;
  onToggleList: () => void;
  onNewChat: () => void;
  onStartOver: () => void;
  /** Null where the chat is the page. */
  onClose: (() => void) | null;
}) {
  const words = useWords();
  const Heading = `h${props.level}` as const;
  const { unreadElsewhere: unread } = props;
  return (
    <div class="header" part="header">
      <button
        ref={props.listToggle}
        type="button"
        class="icon-button list-toggle"
        aria-expanded={props.isListOpen}
        aria-controls="chats"
        aria-label={unread > 0 ? `${words.chats}, ${fill(words.unread, { count: unread })}` : words.chats}
        title={words.chats}
        onClick={props.onToggleList}
      >
        <Icon name="menu" />
        {unread > 0 && <span class="dot" />}
      </button>
      <Avatar name={props.title} />
      <div class="heading">
        <Heading part="title" dir="auto">
          {props.title}
        </Heading>
        <p class="status" role="status">
          {props.status}
        </p>
      </div>
      <HeaderButton icon="plus" label={words.newChat} onPress={props.onNewChat} name="new-chat-button" />
      {props.canStartOver && (
        <HeaderButton
          icon="restart"
          label={words.startOver}
          onPress={props.onStartOver}
          name="start-over"
          isLabelled
        />
      )}
      {props.onClose && (
        <HeaderButton icon="close" label={words.closeChat} onPress={props.onClose} name="close" />
      )}
    </div>
  );
});

function HeaderButton(props: {
  icon: IconName;
  label: string;
  name: string;
  onPress: () => void;
  /** Whether its words are shown where there is room. */
  isLabelled?: boolean;
}) {
  return (
    <button
      type="button"
      class={`icon-button ${props.name} ${props.isLabelled ? "labelled" : ""}`}
      part={props.name}
      aria-label={props.label}
      title={props.label}
      onClick={props.onPress}
    >
      <Icon name={props.icon} />
      {props.isLabelled && <span class="label">{props.label}</span>}
    </button>
  );
}
