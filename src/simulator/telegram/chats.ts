import { numberFor } from "../invented.ts";
import type { World } from "../world.ts";
import {
  type Bot,
  type BusinessAccount,
  type Chat,
  chatOf,
  firstName,
  type StoredMessage,
  type TelegramUser,
} from "./bot.ts";
import { businessNames, connectionObject } from "./business.ts";
import { messageObject } from "./objects.ts";
import type { createUpdates } from "./updates.ts";

/** The chats of a bot and of business accounts, by the names in the control API. */
export function createChats(world: World, bot: Bot, updates: Pick<ReturnType<typeof createUpdates>, "push">) {
  function open(name: string): Chat {
    const names = businessNames(name);
    if (names === null) return chatOf(bot, idOf(name), titleOf(name));
    const { person, account: owner } = names;
    const rights = { isConnected: true, canReply: true };
    const account = bot.businesses.get(idOf(owner)) ?? connect(owner, rights);
    return chatOf(account, idOf(person), titleOf(person), account);
  }

  /** The chat, if somebody has opened it. */
  function find(name: string): Chat | undefined {
    const names = businessNames(name);
    const chats = names === null ? bot.chats : bot.businesses.get(idOf(names.account))?.chats;
    return chats?.get(idOf(names?.person ?? name));
  }

  /** The owner of a business account connects the bot with it, or changes that. */
  function connect(name: string, rights: Pick<BusinessAccount, "isConnected" | "canReply">): BusinessAccount {
    const id = idOf(name);
    const known = bot.businesses.get(id);
    const owner = known?.owner ?? { id, is_bot: false, first_name: titleOf(name) ?? firstName(id) };
    const account = Object.assign(known ?? { id: `business-${id}`, owner, chats: new Map() }, rights);
    bot.businesses.set(id, account);
    const said = connectionObject(account, world.clock.seconds());
    updates.push("business_connection", said, { id, business: null });
    world.changed();
    return account;
  }

  /** Tells the bot of a message. It hears nothing of accounts that are not connected with it. */
  function tell(kind: "message" | "edited_message", chat: Chat, message: StoredMessage): void {
    if (chat.business?.isConnected === false) return;
    const name = chat.business === null ? kind : kind.replace("message", "business_message");
    updates.push(name, messageObject(chat, message), chat);
  }

  return { open, find, connect, tell };
}

/** A chat's number: as written, or the same one for the same name. Groups have negative numbers. */
function idOf(chat: string): number {
  return /^-?\d{1,15}$/.test(chat) ? Number(chat) : numberFor(chat, 100_000_000, 900_000_000);
}

/** A chat as the control API names it: a number, or two for a person's chat with a business account. */
export function chatIdOf(chat: string): string {
  const names = businessNames(chat);
  return names === null ? String(idOf(chat)) : `${idOf(names.person)}@${idOf(names.account)}`;
}

/** The title of a chat that a name opens; undefined for a number. */
const titleOf = (name: string): string | undefined => (/^-?\d{1,15}$/.test(name) ? undefined : name);

/**
 * The chats that exist before anybody writes. A bot may write first in a group, but not to a person.
 * @param rooms the chats in which the bot may have something to say
 */
export function chatsFromStart(rooms: readonly string[]): string[] {
  return rooms.filter((room) => room.startsWith("-"));
}

/** The user who acts in a chat. A private chat has only one, besides the owner of a business account. */
export function userOf(chat: Chat, from: string | null): TelegramUser {
  const owner = chat.business?.owner;
  if (owner !== undefined && from !== null && idOf(from) === owner.id) return owner;
  const first = [...chat.users.values()][0];
  if (first && (chat.id > 0 || from === null)) return first;
  const id = chat.id > 0 ? chat.id : Math.abs(idOf(from ?? "Ada"));
  const isName = from !== null && !/^-?\d+$/.test(from);
  const name = chat.id > 0 ? chat.title : isName ? from : firstName(id);
  const known = chat.users.get(id);
  const user = known ?? { id, is_bot: false, first_name: name, language_code: "en" };
  chat.users.set(id, user);
  return user;
}
