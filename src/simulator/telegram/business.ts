import type { World } from "../world.ts";
import { badRequest, type Refusal } from "./answers.ts";
import type { Bot, BusinessAccount, Chat } from "./bot.ts";
import type { Parameters } from "./content.ts";

/** A business connection lets a bot write to those who wrote in the last 24 hours (Bot API, BusinessBotRights). */
const WINDOW_SECONDS = 24 * 60 * 60;

/** The names in a chat's name such as `ada@shop`: of the person, and of the business account. Null: it is no such chat. */
export function businessNames(chat: string): { person: string; account: string } | null {
  const [, person, account] = /^([^@]+)@([^@]+)$/.exec(chat) ?? [];
  return person === undefined || account === undefined ? null : { person, account };
}

/** A connection as the Bot API describes it. */
export function connectionObject(account: BusinessAccount, date: number): Record<string, unknown> {
  const { id, owner, isConnected, canReply } = account;
  return {
    id,
    user: owner,
    user_chat_id: owner.id,
    date,
    rights: canReply ? { can_reply: true } : {},
    is_enabled: isConnected,
  };
}

/** The account in whose name a call acts, or the refusal. Null: the bot acts for itself. */
export function accountOf(
  bot: Bot,
  { business_connection_id: id }: Parameters,
): BusinessAccount | Refusal | null {
  if (id === undefined) return null;
  const account = [...bot.businesses.values()].find((each) => each.id === id);
  if (account === undefined) return badRequest("business connection not found");
  return account.isConnected ? account : badRequest("BUSINESS_CONNECTION_INVALID");
}

/** True if the bot may write in the chat: always in its own, with the right and within the window in those of accounts. */
export function mayWrite(world: World, { business, messages, id }: Chat): boolean {
  if (business === null) return true;
  const wroteAt = messages.findLast(({ from }) => from.id === id)?.date;
  return business.canReply && wroteAt !== undefined && world.clock.seconds() - wroteAt < WINDOW_SECONDS;
}
