import type { Words } from "./composer.tsx";
import { type Bot, call, chatPath } from "./wire.ts";

/** The actions of a person in one chat. */
export interface User {
  /** Absent `from`: the person writes, and not the owner of the account. */
  say(words: Words, as: { thread: string | null; from: string | undefined }): void;
  /** Asks for the answers, if the button opens a form. */
  press(label: string, isForm?: boolean): void;
  /** Asks for other words for a message. */
  edit(message: string): void;
  /** Asks for an emoji for a message. */
  react(message: string): void;
  block(blocked: boolean): void;
}

/** The person who writes to a bot in a chat. @param act shows the reason if an action is refused. */
export function userOf(bot: Bot, chat: string, act: (task: Promise<unknown>) => void): User {
  const post = (action: string, body: object) =>
    act(call("POST", `${chatPath(bot.platform, chat)}/${action}`, { ...body, bot: bot.name }));
  /** Rejects if the answers are no JSON. */
  const fill = async (label: string, answers: string) => post("press", { label, form: JSON.parse(answers) });
  return {
    say(words, { thread, from }) {
      const place = bot.platform === "slack" ? { thread } : { reply_to: thread };
      post("messages", { ...words, from, ...(thread === null ? {} : place) });
    },
    press(label, isForm) {
      const answers = isForm ? window.prompt("The answers of the form, as JSON", '{"name": "Ada"}') : null;
      if (!isForm) post("press", { label });
      else if (answers !== null) act(fill(label, answers));
    },
    edit(message) {
      const text = window.prompt("The message in other words", message);
      if (text?.trim()) post("edit", { message, text: text.trim() });
    },
    react(message) {
      const emoji = window.prompt("An emoji; nothing takes the reaction back", "👍");
      if (emoji !== null) post("react", { message, emoji: emoji.trim() });
    },
    block: (blocked) => post("block", { blocked }),
  };
}
