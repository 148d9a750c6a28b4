import type { Connection, Impossible, Said, SeenMessage } from "../connection.ts";
import { addFile, addMessage, type Chat, type Choice, openChat, type StoredMessage } from "../line/line.ts";
import { findChoice, linePhone, noButton } from "../line/line-phone.ts";
import { seenMessage } from "../line/seen.ts";
import type { World } from "../world.ts";
import { RCS, type SmsAccount, type SmsLine, wayOf } from "./account.ts";
import { segmentsIn } from "./forms.ts";

export interface SmsPhoneDeps {
  world: World;
  account: SmsAccount;
  line: SmsLine;
  nextSid(kind: string): string;
  /** A user has written, or pressed a suggestion. */
  wrote(chat: Chat, message: StoredMessage, pressed: Choice | null): void;
  settings(): Record<string, string>;
}

/** Ten segments, the longest message that phones and networks pass on. */
const MOST_CHARACTERS = 1600;

/** The users of a number: what they write and see. */
export function createSmsPhone({ world, account, line, nextSid, wrote, settings }: SmsPhoneDeps): Connection {
  const see = (message: StoredMessage) => ({ ...seenMessage(line, message), ...onPhone(message) });

  function write(name: string, content: Partial<StoredMessage>, pressed: Choice | null): SeenMessage {
    const chat = openChat(line, name);
    chat.lastWroteAt = world.clock.now();
    const message = addMessage(chat, {
      id: nextSid(content.file != null ? "MM" : "SM"),
      from: "user",
      text: "",
      choices: [],
      file: null,
      replyTo: null,
      at: chat.lastWroteAt,
      receipt: null,
      isTemplate: false,
      via: wayOf(account, line, name),
      ...content,
    });
    wrote(chat, message, pressed);
    world.changed();
    return see(message);
  }

  function say(name: string, { text, thing, replyTo, file }: Said): SeenMessage | Impossible {
    if (text.length > MOST_CHARACTERS)
      return { status: 422, code: "text_too_long", message: "An SMS takes at most 1600 characters." };
    if (thing !== undefined) return impossible("no_things", "An SMS carries no places and no contacts.");
    if (account.from.startsWith(RCS) && wayOf(account, line, name) === "sms")
      return impossible("no_rcs", "This phone has no RCS, and the bot has no number.");
    if (replyTo !== null) return impossible("no_replies", "An SMS does not say what it answers.");
    return write(name, { text, file: file && addFile(line, nextSid("ME"), file) }, null);
  }

  function press(name: string, label: string): SeenMessage | Impossible {
    const found = findChoice(openChat(line, name), label);
    return found === null ? noButton(label) : write(name, { text: label }, found.choice);
  }

  const shared = linePhone(world, line, onPhone);
  return {
    ...shared,
    say,
    press,
    react: () => impossible("no_reactions", "Users of SMS do not react to messages."),
    settings,
    reset() {
      line.optedOut.clear();
      line.withoutRcs.clear();
      shared.reset();
    },
  };
}

const impossible = (code: string, message: string): Impossible => ({ status: 422, code, message });

/** The fields of a message that only this platform has. */
function onPhone(message: StoredMessage): Partial<SeenMessage> {
  const { via = "sms" } = message;
  return via === "rcs" ? { via } : { via, segments: segmentsIn(message) };
}
