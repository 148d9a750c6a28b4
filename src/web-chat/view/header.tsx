import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import { fill, useWords } from "../locales/words.ts";
import { Icon, type IconName } from "./icons.tsx";
import { memo } from "./memo.ts";
import { Avatar } from "./welcome.tsx";

/** The name of the bot, and the actions on the whole chat. */
export const Header = memo(function Header(props: {
  title: string;
  /** The level of the heading: the page's own, or one below it. */
  level: 1 | 2;
  /** The state of the connection; empty if it works. */
  status: string;
  unreadElsewhere: number;
  canStartOver: boolean;
  /** The button of the menu, which gets the focus back. */
  listToggle: RefObject<HTMLButtonElement | null>;
  onToggleList: () => void;
  onNewChat: () => void;
  onStartOver: () => void;
  /** Null if the chat is the page. */
  onClose: (() => void) | null;
}) {
  const words = useWords();
  const Heading = `h${props.level}` as const;
  const { unreadElsewhere: unread } = props;
  const [isOpen, setOpen] = useState(false);
  const toggle = props.listToggle;
  const entry = (icon: IconName, label: string, act: () => void, look = "") => (
    <li class={look}>
      <button
        type="button"
        onClick={() => {
          setOpen(false);
          toggle.current?.focus();
          act();
        }}
      >
        <Icon name={icon} /> {label}
      </button>
    </li>
  );
  return (
    <div class="header" part="header">
      <Avatar name={props.title} />
      <div class="heading">
        <Heading part="title" dir="auto">
          {props.title}
        </Heading>
        <p class="status" role="status">
          {props.status || words.ready}
        </p>
      </div>
      <div
        class={`menu ${props.canStartOver ? "" : "in-list"}`}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || !isOpen) return;
          event.stopPropagation();
          setOpen(false);
          toggle.current?.focus();
        }}
        onFocusOut={({ relatedTarget, currentTarget }) => {
          if (relatedTarget instanceof Node && !currentTarget.contains(relatedTarget)) setOpen(false);
        }}
      >
        <button
          ref={toggle}
          type="button"
          class="icon-button"
          part="menu"
          aria-expanded={isOpen}
          aria-label={unread > 0 ? `${words.menu}, ${fill(words.unread, { count: unread })}` : words.menu}
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name="more" />
          {unread > 0 && <span class="dot" />}
        </button>
        {isOpen && (
          <ul>
            {entry(
              "menu",
              unread > 0 ? `${words.chats}, ${fill(words.unread, { count: unread })}` : words.chats,
              props.onToggleList,
              "in-list",
            )}
            {entry("plus", words.newChat, props.onNewChat, "in-list")}
            {props.canStartOver && entry("restart", words.startOver, props.onStartOver)}
          </ul>
        )}
      </div>
      {props.onClose && (
        <button
          type="button"
          class="icon-button close"
          part="close"
          aria-label={words.closeChat}
          onClick={props.onClose}
        >
          <Icon name="close" />
        </button>
      )}
    </div>
  );
});
