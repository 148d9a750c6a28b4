import { useEffect, useRef } from "preact/hooks";
import { Bubble, Buttons } from "./bubble.tsx";
import type { User } from "./user.ts";
import type { Bot, Chat, Message } from "./wire.ts";

/** Only Telegram tells a bot what became of a message. */
function canEdit(platform: Bot["platform"], { from, text, file }: Message): boolean {
  return platform === "telegram" && from === "user" && text !== "" && file === undefined;
}

function canReact(platform: Bot["platform"], { from, text, file }: Message): boolean {
  return platform !== "sms" && from === "bot" && (text !== "" || file !== undefined);
}

interface MessagesProps {
  chat: Chat | null;
  platform: Bot["platform"];
  user: User;
  /** Answers a message, or opens its thread. */
  onThread(id: string): void;
}

/** The messages of a chat. The newest one is kept in view. */
export function Messages({ chat, platform, user, onThread }: MessagesProps) {
  const list = useRef<HTMLDivElement>(null);
  const { press, edit, react } = user;
  useEffect(() => {
    list.current?.scrollTo(0, list.current.scrollHeight);
  }, [chat?.messages.length ?? 0, chat?.draft ?? ""]);
  return (
    <div ref={list} class="messages" role="log" aria-label="Messages" tabIndex={0}>
      {(chat?.messages ?? []).map((message) => (
        <Bubble
          key={message.id}
          message={message}
          platform={platform}
          press={press}
          edit={canEdit(platform, message) ? () => edit(message.text) : undefined}
          react={canReact(platform, message) ? () => react(message.text || message.id) : undefined}
          onThread={() => onThread(platform === "slack" ? (message.thread ?? message.id) : message.id)}
        />
      ))}
      {chat?.draft ? (
        <div class="bubble bot draft" dir="auto">
          {chat.draft}
        </div>
      ) : null}
      {chat?.typing ? <p class="typing">{chat.typing}</p> : null}
      <Buttons labels={chat?.actions ?? []} press={press} />
    </div>
  );
}
