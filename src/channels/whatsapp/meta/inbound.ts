import type { ChannelEvent } from "../../../core/message/channel-event.ts";
import type { Logger } from "../../../core/process/logger.ts";
import { type Clock, systemClock } from "../../../core/time/clock.ts";
import type { JsonBody } from "../../kit/json-body.ts";
import { conversationOf, eventKeyOf, toInboundMessage } from "../inbound.ts";
import { readReferral, referralReference } from "../referral.ts";
import { contentOf } from "./content.ts";
import { referencesOf, sentAtOf } from "./context.ts";
import { readEcho } from "./echo.ts";
import {
  changeSchema,
  contactSchema,
  echoSchema,
  errorSchema,
  type MetaChange,
  type MetaContact,
  type MetaMessage,
  messageSchema,
  preferenceSchema,
  readEach,
  statusSchema,
  userIdUpdateSchema,
} from "./payload.ts";
import { isSameNumber, readMoves, readPreference, toAddressChange, type Writer, writerOf } from "./people.ts";
import { createStatusReader, describeError } from "./status.ts";

export interface InboundDeps {
  /** Our number's id. Messages to another number of the same app are not for this channel. */
  phoneNumberId: string;
  /** True if a template may be sent while the window is closed. */
  hasTemplate: boolean;
  /** Called with a problem of the whole number or app. */
  onTrouble(words: string): void;
  log: Logger;
  clock?: Clock;
}

/** The subscribed fields that we read. */
const FIELDS: readonly string[] = ["messages", "smb_message_echoes", "user_preferences", "user_id_update"];

/** Turns the changes of one request into events, in their order. */
export function createInbound(deps: InboundDeps) {
  const { phoneNumberId, onTrouble, log, clock = systemClock } = deps;
  const readStatus = createStatusReader(deps);
  const ignore = (messageId: string, reason: string): ChannelEvent[] => {
    log.info({ messageId, reason }, "whatsapp message ignored");
    return [];
  };

  function readMessage(
    message: MetaMessage,
    contacts: readonly MetaContact[],
    ownNumber: string,
  ): ChannelEvent[] {
    const { id, from, type } = message;
    // One group is one conversation of many people, and WhatsApp accepts answers to it at another address.
    if (message.group_id !== undefined) return ignore(id, "written in a group");
    const moves = readMoves(message);
    if (moves.length > 0) return moves;
    const writer = writerOf(message, contacts);
    if (writer === null) return ignore(id, "no sender");
    if (from !== undefined && isSameNumber(from, ownNumber)) return ignore(id, "sent by ourselves");
    if (type === "request_welcome") return [arrivalOf(message, writer)];
    const content = contentOf(message);
    if (content === null) return ignore(id, `of the type ${type}`);
    const referral = message.referral === undefined ? null : readReferral((name) => message.referral?.[name]);
    const read = toInboundMessage({
      id,
      sender: writer.address,
      businessId: writer.businessId,
      userName: writer.userName,
      profile: writer.profile,
      sentAt: sentAtOf(message, clock.now()),
      references: [...(referral === null ? [] : [referralReference(referral)]), ...referencesOf(message)],
      referral,
      ...content,
    });
    return read === null ? ignore(id, "nothing in it") : [read];
  }

  /** The user opened the chat for the first time and has not written yet. */
  function arrivalOf(message: MetaMessage, { address, businessId, userName, profile }: Writer): ChannelEvent {
    const sentAt = sentAtOf(message, clock.now());
    return {
      type: "arrival",
      eventKeys: [eventKeyOf(message.id)],
      conversation: conversationOf(address, businessId),
      ...(userName === undefined ? {} : { userName }),
      profile,
      ...(sentAt === undefined ? {} : { sentAt }),
    };
  }

  function reportErrors(errors: readonly unknown[]): void {
    for (const error of readEach(errorSchema, errors)) {
      const reason = describeError(error);
      log.warn({ code: error.code, reason }, "Meta reports an error that is not of one message");
      onTrouble(reason);
    }
  }

  function readChange({ field, value }: MetaChange): ChannelEvent[] {
    if (!FIELDS.includes(field)) {
      log.info({ field }, "an event of an unsupported kind was ignored");
      return [];
    }
    const { phone_number_id, display_phone_number = "" } = value.metadata;
    if (phone_number_id !== phoneNumberId) {
      log.warn({ phone_number_id }, "an event of another business phone number was ignored");
      return [];
    }
    reportErrors(value.errors);
    if (field === "smb_message_echoes")
      return readEach(echoSchema, value.message_echoes).flatMap(
        (echo) => readEcho(echo, clock.now()) ?? ignore(echo.id, `an echo of the type ${echo.type}`),
      );
    const contacts = readEach(contactSchema, value.contacts);
    return [
      ...readEach(messageSchema, value.messages).flatMap((message) =>
        readMessage(message, contacts, display_phone_number),
      ),
      ...readEach(statusSchema, value.statuses).flatMap(readStatus),
      ...readEach(userIdUpdateSchema, value.user_id_update).map(toAddressChange),
      ...readEach(preferenceSchema, value.user_preferences).flatMap(readPreference),
    ];
  }

  return function readEvents(body: JsonBody): ChannelEvent[] {
    const entries = Array.isArray(body["entry"]) ? body["entry"] : [];
    const changes = entries.flatMap((entry) => (Array.isArray(entry?.changes) ? entry.changes : []));
    return readEach(changeSchema, changes).flatMap(readChange);
  };
}
