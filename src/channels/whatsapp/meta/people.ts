import type { z } from "zod";
import type { ChannelEvent } from "../../../core/message/channel-event.ts";
import type { JsonObject } from "../../../core/text/json.ts";
import { otherFormsOf } from "../address.ts";
import type { MetaContact, MetaMessage, preferenceSchema, userIdUpdateSchema } from "./payload.ts";

/** The writer of a message, with every name that Meta sends. */
export interface Writer {
  /** The address: the number, or the business-scoped id if the number is hidden. */
  address: string;
  /** The business-scoped id, as an address. */
  businessId: string | undefined;
  userName: string | undefined;
  profile: JsonObject;
}

/** The writer of a message; null if Meta names nobody. */
export function writerOf(message: MetaMessage, contacts: readonly MetaContact[]): Writer | null {
  const contact = contactOf(message, contacts);
  const phone = message.from ?? contact?.wa_id;
  const userId = message.from_user_id ?? contact?.user_id;
  const name = phone === undefined ? userId : toPhone(phone);
  if (name === undefined) return null;
  const username = contact?.profile?.username;
  return {
    address: `whatsapp:${name}`,
    businessId: userId === undefined ? undefined : `whatsapp:${userId}`,
    userName: contact?.profile?.name,
    profile: {
      ...(phone === undefined ? {} : { wa_id: digitsOf(phone) }),
      ...(userId === undefined ? {} : { user_id: userId }),
      ...(username === undefined ? {} : { username }),
    },
  };
}

function contactOf(message: MetaMessage, contacts: readonly MetaContact[]): MetaContact | undefined {
  const { from, from_user_id } = message;
  const named = contacts.find(
    ({ wa_id, user_id }) =>
      (from !== undefined && wa_id === from) || (from_user_id !== undefined && user_id === from_user_id),
  );
  return named ?? (contacts.length === 1 ? contacts[0] : undefined);
}

/** The user has another number now, or another business-scoped id, or both (system messages). */
export function readMoves({ type, from, system }: MetaMessage): ChannelEvent[] {
  if (type !== "system" || system === undefined) return [];
  const { wa_id: number, user_id: id, previous_user_id: previousId } = system;
  const isNewNumber = from !== undefined && number !== undefined && digitsOf(from) !== digitsOf(number);
  return [
    ...(isNewNumber ? movesOfNumber(from, number) : []),
    ...(previousId !== undefined && id !== undefined && previousId !== id ? [move(previousId, id)] : []),
  ];
}

/** The user may be known by the other form of the former number. */
function movesOfNumber(from: string, to: string): ChannelEvent[] {
  const old = `whatsapp:${toPhone(from)}`;
  return [old, ...otherFormsOf(old)].map((each) => move(each.slice("whatsapp:".length), toPhone(to)));
}

/** The user has another business-scoped id now, because the number changed. */
export function toAddressChange({
  user_id: { previous, current },
}: z.infer<typeof userIdUpdateSchema>): ChannelEvent {
  return move(previous, current);
}

function move(from: string, to: string): ChannelEvent {
  return { type: "address_change", from: `whatsapp:${from}`, to: `whatsapp:${to}` };
}

/** The user's choice about marketing messages. The user's own questions are still answered. */
export function readPreference({ wa_id, user_id, value }: z.infer<typeof preferenceSchema>): ChannelEvent[] {
  const names = [
    ...(wa_id === undefined ? [] : namesOfNumber(wa_id)),
    ...(user_id === undefined ? [] : [`whatsapp:${user_id}`]),
  ];
  const [userIdentifier, ...aliases] = names;
  if (userIdentifier === undefined) return [];
  return [{ type: "marketing_preference", userIdentifier, aliases, isWanted: value === "resume" }];
}

/** A number as an address, in each of its forms. */
export function namesOfNumber(waId: string): [string, ...string[]] {
  const address = `whatsapp:${toPhone(waId)}`;
  return [address, ...otherFormsOf(address)];
}

/** Returns true if two numbers are the same, in any form. */
export const isSameNumber = (one: string, other: string) => digitsOf(one) === digitsOf(other);

/** For example `+491701234567`. Meta sends the number without the plus sign. */
const toPhone = (waId: string) => `+${digitsOf(waId)}`;
const digitsOf = (number: string) => number.replace(/\D/g, "");
