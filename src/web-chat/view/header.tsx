import type { RefObject } from "preact";
import { useWords } from "../locales/words.ts";
import { Icon } from "./icons.tsx";
import { Menu, type MenuActions } from "./menu.tsx";
import { Avatar } from "./welcome.tsx";

export interface HeaderProps {
  title: string;
  /** The level of the heading: the page's own, or one below it. */
  level: 1 | 2;
  /** The state of the connection; empty if it works. */
  status: string;
  unreadElsewhere: number;
  /** The button of the menu, which gets the focus back. */
  listToggle: RefObject<HTMLButtonElement | null>;
  actions: MenuActions;
  /** Null if the chat is the page. */
  onClose: (() => void) | null;
}

/** The name of the bot, and the actions on the whole chat. */
export function Header({ title, level, status, unreadElsewhere, listToggle, actions, onClose }: HeaderProps) {
  const words = useWords();
  const Heading = `h${level}` as const;
  return (
    <div class="header" part="header">
      <Avatar name={title} />
      <div class="heading">
        <Heading part="title" dir="auto">
          {title}
        </Heading>
        <p class="status" role="status">
          {status || words.ready}
        </p>
      </div>
      <Menu toggle={listToggle} unread={unreadElsewhere} actions={actions} />
      {onClose && (
        <button
          type="button"
          class="icon-button close"
          part="close"
          aria-label={words.closeChat}
          onClick={onClose}
        >
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}
