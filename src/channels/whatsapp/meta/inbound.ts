import type { z } from "zod";
import type { ChannelEvent } from "../../../core/channel-event.ts";
import type { Logger } from "../../../core/logger.ts";
import { OPTED_OUT } from "../errors.ts";
import { toInboundMessage } from "../inbound.ts";
import type { JsonBody } from "../json-body.ts";
import { contentOf } from "./content.ts";
import {
  changeSchema,
  contactSchema,
  type MetaContact,
  type MetaMessage,
  messageSchema,
  preferenceSchema,
  readEach,
  statusSchema,
  userIdUpdateSchema,
} from "./payload.ts";
import { readStatus } from "./status.ts";

export interface InboundDeps {
  /** Ours: what was written to another number of the same app is not for this channel. */
  phoneNumberId: string;
  log: Logger;
}

/** What is subscribed to and read. */
const FIELDS: readonly string[] = ["messages", "user_preferences", "user_id_update"];

/** Turns the changes Meta sends together into events, in the order they stand in. */
export function createInbound({ phoneNumberId, log }: InboundDeps) {
  function readMessage(
    message: MetaMessage,
    contacts: readonly MetaContact[],
    ownNumber: string,
  ): ChannelEvent[] {
    const ignore = (reason: string): ChannelEvent[] => {
      log.info({ messageId: message.id, reason }, "whatsapp message ignored");
      return [];
    };
    const moved = readMove(message);
    if (moved !== null) return [moved];
    const contact = contactOf(message, contacts);
    const phone = message.from ?? contact?.wa_id;
    const userId = message.from_user_id ?? contact?.user_id;
    const sender = phone === undefined ? userId : toPhone(phone);
    if (sender === undefined) return ignore("no sender");
    if (phone !== undefined && digitsOf(phone) === digitsOf(ownNumber)) return ignore("sent by ourselves");
    const content = contentOf(message);
    if (content === null) return ignore(`of the type ${message.type}`);
    const read = toInboundMessage({
      id: message.id,
      sender: `whatsapp:${sender}`,
      // The number may be hidden next time, and the id then is all there is.
      aliases: userId === undefined || userId === sender ? [] : [`whatsapp:${userId}`],
      userName: contact?.profile?.name,
      profile: profileOf(contact, phone, userId),
      ...content,
    });
    return read === null ? ignore("nothing in it") : [read];
  }

  return function readEvents(body: JsonBody): ChannelEvent[] {
    const entries = Array.isArray(body["entry"]) ? body["entry"] : [];
    const changes = entries.flatMap((entry) => (Array.isArray(entry?.changes) ? entry.changes : []));
    return readEach(changeSchema, changes).flatMap(({ field, value }) => {
      if (!FIELDS.includes(field)) return [];
      const { phone_number_id, display_phone_number = "" } = value.metadata;
      if (phone_number_id !== phoneNumberId) {
        log.warn({ phone_number_id }, "an event of another business phone number was ignored");
        return [];
      }
      const contacts = readEach(contactSchema, value.contacts);
      return [
        ...readEach(messageSchema, value.messages).flatMap((message) =>
          readMessage(message, contacts, display_phone_number),
        ),
        ...readEach(statusSchema, value.statuses).flatMap(readStatus),
        ...readEach(userIdUpdateSchema, value.user_id_update).map(toAddressChange),
        ...readEach(preferenceSchema, value.user_preferences).flatMap(readPreference),
      ];
    });
  };
}

/** The user has another number now (a system message). */
function readMove({ type, from, system }: MetaMessage): ChannelEvent | null {
  if (type !== "system" || from === undefined || system?.wa_id === undefined) return null;
  return {
    type: "address_change",
    from: `whatsapp:${toPhone(from)}`,
    to: `whatsapp:${toPhone(system.wa_id)}`,
  };
}

/** The user has another business-scoped id now: their number changed. */
function toAddressChange({
  user_id: { previous, current },
}: z.infer<typeof userIdUpdateSchema>): ChannelEvent {
  return { type: "address_change", from: `whatsapp:${previous}`, to: `whatsapp:${current}` };
}

function readPreference({ wa_id, user_id, value }: z.infer<typeof preferenceSchema>): ChannelEvent[] {
  const user = wa_id === undefined ? user_id : toPhone(wa_id);
  if (user === undefined) return [];
  const unreachable = value === "stop" ? OPTED_OUT : null;
  return [{ type: "reachability", userIdentifier: `whatsapp:${user}`, unreachable }];
}

function contactOf(message: MetaMessage, contacts: readonly MetaContact[]): MetaContact | undefined {
  const { from, from_user_id } = message;
  const named = contacts.find(
    ({ wa_id, user_id }) =>
      (from !== undefined && wa_id === from) || (from_user_id !== undefined && user_id === from_user_id),
  );
  return named ?? (contacts.length === 1 ? contacts[0] : undefined);
}

function profileOf(contact: MetaContact | undefined, phone: string | undefined, userId: string | undefined) {
  const username = contact?.profile?.username;
  return {
    ...(phone === undefined ? {} : { wa_id: digitsOf(phone) }),
    ...(userId === undefined ? {} : { user_id: userId }),
    ...(username === undefined ? {} : { username }),
  };
}

/** `+491701234567`: as everywhere else, whatever Meta leaves out. */
const toPhone = (waId: string) => `+${digitsOf(waId)}`;
const digitsOf = (number: string) => number.replace(/\D/g, "");
