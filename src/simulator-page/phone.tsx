import { useEffect, useRef, useState } from "preact/hooks";
import { Bubble } from "./bubble.tsx";
import { Composer } from "./composer.tsx";
import { type Bot, type Chat, call, chatPath, type Message } from "./wire.ts";

const FIRST: Readonly<Record<Bot["platform"], string>> = {
  telegram: "777001",
  slack: "ada",
  whatsapp: "491701234567",
};
const WHO = {
  telegram: "Who? A name, a number, or ada@shop: Ada, who writes to the business account shop.",
  slack: "Who? A name, or a channel such as general.",
  whatsapp: "Who? A name or a number.",
};
const APPS = { telegram: "Telegram", slack: "Slack", whatsapp: "WhatsApp" };

export interface PhoneProps {
  bot: Bot;
  /** On a narrow screen only one phone is shown. */
  isShown: boolean;
  act(task: Promise<unknown>): void;
}

/** One phone: a user of the platform, and the chats of that user with the bot. */
export function Phone({ bot, isShown, act }: PhoneProps) {
  const { platform, name } = bot;
  const [chosen, setChosen] = useState<string | null>(null);
  const [thread, setThread] = useState<string | null>(null);
  const [isOwner, setIsOwner] = useState(false);
  const id = chosen ?? bot.chats[0]?.id ?? FIRST[platform];
  const chat = bot.chats.find((each) => each.id === id || each.title === id) ?? null;
  const end = useRef<HTMLDivElement>(null);
  const count = chat?.messages.length ?? 0;
  const draft = chat?.draft ?? "";

  useEffect(() => {
    const list = end.current?.parentElement;
    if (list) list.scrollTop = list.scrollHeight;
  }, [count, draft]);

  const path = chatPath(platform, id);
  const choose = (next: string) => {
    setThread(null);
    setIsOwner(false);
    setChosen(next);
    // Slack tells an app that somebody opened the conversation with it.
    if (platform === "slack") act(call("POST", `${chatPath(platform, next)}/open`, { bot: name }));
  };
  const press = (label: string) => act(call("POST", `${path}/press`, { label, bot: name }));
  const edit = (message: string) => {
    const text = window.prompt("The message in other words", message);
    if (text?.trim()) act(call("POST", `${path}/edit`, { message, text: text.trim(), bot: name }));
  };
  const react = (message: string) => {
    const emoji = window.prompt("An emoji; nothing takes the reaction back", "👍");
    if (emoji !== null) act(call("POST", `${path}/react`, { message, emoji: emoji.trim(), bot: name }));
  };
  const block = (blocked: boolean) => act(call("POST", `${path}/block`, { blocked, bot: name }));
  const open = () => {
    const written = window.prompt(WHO[platform]);
    if (written?.trim()) choose(written.trim());
  };

  return (
    <section class={`phone ${platform}`} data-shown={isShown} aria-label={`${APPS[platform]}: ${name}`}>
      <header>
        <strong>
          {APPS[platform]} <small>{name}</small>
        </strong>
        <select aria-label="Chat" value={id} onChange={(event) => choose(event.currentTarget.value)}>
          {chat === null ? <option value={id}>{id}</option> : null}
          {bot.chats.map((each) => (
            <option key={each.id} value={each.id}>
              {each.title}
            </option>
          ))}
        </select>
        <button type="button" title="Another chat" aria-label="Another chat" onClick={open}>
          +
        </button>
        {chat?.owner ? (
          <button type="button" aria-pressed={isOwner} onClick={() => setIsOwner(!isOwner)}>
            As {chat.owner.name}
          </button>
        ) : null}
        <button type="button" aria-pressed={chat?.blocked ?? false} onClick={() => block(!chat?.blocked)}>
          {chat?.blocked ? "Blocked" : "Block"}
        </button>
      </header>
      <Messages
        chat={chat}
        platform={platform}
        press={press}
        edit={edit}
        react={react}
        onThread={setThread}
        end={end}
      />
      <Composer
        canMention={platform === "slack" && chat?.kind === "group"}
        thread={thread}
        onLeaveThread={() => setThread(null)}
        say={(said) =>
          act(
            call("POST", `${path}/messages`, {
              bot: name,
              ...said,
              ...(isOwner && chat?.owner ? { from: chat.owner.id } : {}),
              ...(thread === null ? {} : platform === "slack" ? { thread } : { reply_to: thread }),
            }),
          )
        }
      />
    </section>
  );
}

/** Only Telegram tells a bot what became of a message. */
function canEdit(platform: Bot["platform"], { from, text, file }: Message): boolean {
  return platform === "telegram" && from === "user" && text !== "" && file === undefined;
}

function canReact({ from, text, file }: Message): boolean {
  return from === "bot" && (text !== "" || file !== undefined);
}

interface MessagesProps {
  chat: Chat | null;
  platform: Bot["platform"];
  press(label: string): void;
  edit(message: string): void;
  react(message: string): void;
  onThread(id: string): void;
  end: { current: HTMLDivElement | null };
}

function Messages({ chat, platform, press, edit, react, onThread, end }: MessagesProps) {
  return (
    <div class="messages" role="log" aria-label="Messages" tabIndex={0}>
      {(chat?.messages ?? []).map((message) => (
        <Bubble
          key={message.id}
          message={message}
          platform={platform}
          press={press}
          edit={canEdit(platform, message) ? () => edit(message.text) : undefined}
          react={canReact(message) ? () => react(message.text || message.id) : undefined}
          onThread={() => onThread(platform === "slack" ? (message.thread ?? message.id) : message.id)}
        />
      ))}
      {chat?.draft ? (
        <div class="bubble bot draft" dir="auto">
          {chat.draft}
        </div>
      ) : null}
      {chat?.typing ? <p class="typing">{chat.typing}</p> : null}
      {chat?.actions?.length ? (
        <div class="buttons">
          {chat.actions.map((label) => (
            <button type="button" key={label} onClick={() => press(label)}>
              {label}
            </button>
          ))}
        </div>
      ) : null}
      <div ref={end} />
    </div>
  );
}
