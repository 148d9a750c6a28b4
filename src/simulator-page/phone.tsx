import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Composer } from "./composer.tsx";
import { Messages } from "./messages.tsx";
import { userOf } from "./user.ts";
import { type Bot, type Chat, call, chatPath } from "./wire.ts";

const FIRST: Readonly<Record<Bot["platform"], string>> = {
  telegram: "777001",
  slack: "ada",
  whatsapp: "491701234567",
  sms: "491701234567",
};
const WHO = {
  telegram: "Who? A name, a number, or ada@shop: Ada, who writes to the business account shop.",
  slack: "Who? A name, or a channel such as general.",
  whatsapp: "Who? A name or a number.",
  sms: "Who? A name or a number; sms: before it is a phone without RCS.",
};
const APPS = { telegram: "Telegram", slack: "Slack", whatsapp: "WhatsApp", sms: "SMS" };

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
  const user = userOf(bot, id, act);

  function choose(next: string): void {
    setThread(null);
    setIsOwner(false);
    setChosen(next);
    // Slack tells an app that somebody opened the conversation with it.
    if (platform === "slack") act(call("POST", `${chatPath(platform, next)}/open`, { bot: name }));
  }

  return (
    <section class={`phone ${platform}`} data-shown={isShown} aria-label={`${APPS[platform]}: ${name}`}>
      <PhoneHead bot={bot} id={id} chat={chat} choose={choose}>
        {chat?.owner ? (
          <button type="button" aria-pressed={isOwner} onClick={() => setIsOwner(!isOwner)}>
            As {chat.owner.name}
          </button>
        ) : null}
        <button
          type="button"
          aria-pressed={chat?.blocked ?? false}
          onClick={() => user.block(!chat?.blocked)}
        >
          {chat?.blocked ? "Blocked" : "Block"}
        </button>
      </PhoneHead>
      <Messages chat={chat} platform={platform} user={user} onThread={setThread} />
      <Composer
        canMention={platform === "slack" && chat?.kind === "group"}
        canShare={platform === "telegram" || platform === "whatsapp"}
        thread={thread}
        onLeaveThread={() => setThread(null)}
        say={(words) => user.say(words, { thread, from: isOwner ? chat?.owner?.id : undefined })}
      />
    </section>
  );
}

interface PhoneHeadProps {
  bot: Bot;
  /** The chosen chat, which the platform may not know yet. */
  id: string;
  chat: Chat | null;
  choose(chat: string): void;
  /** The actions on the chosen chat. */
  children: ComponentChildren;
}

function PhoneHead({ bot, id, chat, choose, children }: PhoneHeadProps) {
  const open = () => {
    const written = window.prompt(WHO[bot.platform]);
    if (written?.trim()) choose(written.trim());
  };
  return (
    <header>
      <strong>
        {APPS[bot.platform]} <small>{bot.name}</small>
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
      {children}
    </header>
  );
}
