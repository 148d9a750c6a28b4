import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import { fill, useWords } from "../locales/words.ts";
import { Icon, type IconName } from "./icons.tsx";

/** The actions of the menu. */
export interface MenuActions {
  onToggleList: () => void;
  onNewChat: () => void;
  /** Null if there is no chat to start over. */
  onStartOver: (() => void) | null;
}

/** The actions on the whole chat, behind a button. @param props.toggle the button, which gets the focus back. */
export function Menu(props: {
  toggle: RefObject<HTMLButtonElement | null>;
  unread: number;
  actions: MenuActions;
}) {
  const { toggle, unread } = props;
  const words = useWords();
  const [isOpen, setOpen] = useState(false);
  const withUnread = (label: string) =>
    unread > 0 ? `${label}, ${fill(words.unread, { count: unread })}` : label;
  const close = () => {
    setOpen(false);
    toggle.current?.focus();
  };
  return (
    <div
      class={`menu ${props.actions.onStartOver ? "" : "in-list"}`}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !isOpen) return;
        event.stopPropagation();
        close();
      }}
      onFocusOut={({ relatedTarget, currentTarget }) => {
        if (relatedTarget instanceof Node && !currentTarget.contains(relatedTarget)) setOpen(false);
      }}
    >
      <MenuButton
        toggle={toggle}
        isOpen={isOpen}
        label={withUnread(words.menu)}
        hasDot={unread > 0}
        onClick={() => setOpen(!isOpen)}
      />
      {isOpen && <Entries actions={props.actions} chats={withUnread(words.chats)} onChosen={close} />}
    </div>
  );
}

function MenuButton(props: {
  toggle: RefObject<HTMLButtonElement | null>;
  isOpen: boolean;
  label: string;
  hasDot: boolean;
  onClick: () => void;
}) {
  return (
    <button
      ref={props.toggle}
      type="button"
      class="icon-button"
      part="menu"
      aria-expanded={props.isOpen}
      aria-label={props.label}
      onClick={props.onClick}
    >
      <Icon name="more" />
      {props.hasDot && <span class="dot" />}
    </button>
  );
}

/** @param props.chats the label of the list of chats, with the unread messages in them. */
function Entries(props: { actions: MenuActions; chats: string; onChosen: () => void }) {
  const { onToggleList, onNewChat, onStartOver } = props.actions;
  const words = useWords();
  const entry = (icon: IconName, label: string, act: () => void, look = "") => (
    <li class={look}>
      <button
        type="button"
        onClick={() => {
          props.onChosen();
          act();
        }}
      >
        <Icon name={icon} /> {label}
      </button>
    </li>
  );
  return (
    <ul>
      {entry("menu", props.chats, onToggleList, "in-list")}
      {entry("plus", words.newChat, onNewChat, "in-list")}
      {onStartOver && entry("restart", words.startOver, onStartOver)}
    </ul>
  );
}
