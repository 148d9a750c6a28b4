import type { ChannelEvent } from "../../../core/message/channel-event.ts";
import type { ConversationRef, MessageReference } from "../../../core/message/inbound-message.ts";
import type { Logger } from "../../../core/process/logger.ts";
import type { JsonObject } from "../../../core/text/json.ts";
import { OPTED_OUT } from "../../kit/opted-out.ts";
import { attachmentsOf } from "../../twilio/attachments.ts";
import { type FormParams, field } from "../../twilio/params.ts";
import { isAddress, isSameAddress } from "../address.ts";
import { type Place, placeDetails, placeSchema, placeText, readReaction } from "../details.ts";
import { conversationOf, toInboundMessage, unreadableText } from "../inbound.ts";
import { type ReferralField, readReferral, referralReference } from "../referral.ts";

export interface InboundDeps {
  /** Our own sender, which is not answered. */
  from: string;
  log: Logger;
}

/** Turns a message into events. An empty list means that it is only acknowledged. */
export function createInbound({ from, log }: InboundDeps) {
  return function readMessage(params: FormParams, messageSid: string): ChannelEvent[] {
    const ignore = (reason: string): ChannelEvent[] => {
      log.info({ messageSid, reason }, "whatsapp message ignored");
      return [];
    };
    const sender = field(params, "From");
    if (sender === undefined || !isAddress(sender)) return ignore("not sent from a WhatsApp address");
    if (sender === from) return ignore("sent by ourselves");
    const to = field(params, "To") ?? "";
    if (!isSameAddress(to, from)) {
      log.warn({ messageSid, to }, "a message to another sender of the account was ignored");
      return [];
    }
    const optOut = field(params, "OptOutType");
    if (optOut !== undefined) return readOptOut(optOut, conversationOf(sender, businessIdOf(params)));
    const reaction = reactionOf(params);
    if (reaction === null) return ignore("a reaction taken back");
    const place = placeOf(params);
    const referral = readReferral((name) => field(params, REFERRAL_FIELDS[name] ?? ""));
    const message = toInboundMessage({
      id: messageSid,
      sender,
      businessId: businessIdOf(params),
      userName: field(params, "ProfileName"),
      profile: profileOf(params),
      text: textOf(params),
      attachments: attachmentsOf(params),
      payload: field(params, "ButtonPayload") ?? field(params, "ListId") ?? formOf(params),
      references: [...(referral === null ? [] : [referralReference(referral)]), ...referencesOf(params)],
      referral,
      ...(place === null ? {} : { details: placeDetails(place) }),
      ...reaction,
    });
    return message === null ? ignore("nothing in it") : [message];
  };
}

/** Handles STOP, START and HELP. Twilio itself has answered them, and refuses sends after a STOP. */
function readOptOut(type: string, { userIdentifier, aliases = [] }: ConversationRef): ChannelEvent[] {
  const of = { type: "reachability", userIdentifier, aliases } as const;
  if (type === "STOP") return [{ ...of, unreachable: OPTED_OUT }];
  return type === "START" ? [{ ...of, unreachable: null }] : [];
}

/** The written, pressed or chosen text, or a place as text, or a notice of an unreadable kind. */
function textOf(params: FormParams): string {
  const written = field(params, "Body") ?? field(params, "ButtonText") ?? field(params, "ListTitle") ?? "";
  const place = placeOf(params);
  if (place !== null) return placeText(place, written);
  return written === "" ? wordlessText(params) : written;
}

/** Null: the message has no place, or one that cannot be read. */
function placeOf(params: FormParams): Place | null {
  const place = {
    latitude: field(params, "Latitude"),
    longitude: field(params, "Longitude"),
    name: field(params, "Label"),
    address: field(params, "Address"),
  };
  return placeSchema.safeParse(place).data ?? null;
}

/** The parts of a message that are special in a reaction. Null: the reaction was taken back. */
function reactionOf(params: FormParams): ReturnType<typeof readReaction> | Record<string, never> | null {
  if (field(params, "MessageType") !== "reaction") return {};
  const emoji = field(params, "Body");
  const messageId = field(params, "OriginalRepliedMessageSid");
  return emoji === undefined ? null : readReaction({ emoji, messageId });
}

/** The text of a message without words. Files need no text, and a form's answers are its payload. */
function wordlessText(params: FormParams): string {
  const type = field(params, "MessageType") ?? "text";
  const files = attachmentsOf(params);
  // Twilio passes a contact on as a file, a vCard.
  if (files.some(({ contentType }) => VCARD.test(contentType ?? ""))) return "[contact]";
  if (type === "text" || files.length > 0) return "";
  if (formOf(params) !== undefined) return "[form]";
  return unreadableText(type === "unsupported" || type === "unknown" ? undefined : type);
}

const VCARD = /^text\/(x-)?vcard\b/i;

/** The answers of a form (a WhatsApp Flow), as JSON. For a chosen list row, `InteractiveData` only repeats it. */
function formOf(params: FormParams): string | undefined {
  const hasWords = field(params, "Body") !== undefined || field(params, "ListTitle") !== undefined;
  return field(params, "FlowData") ?? (hasWords ? undefined : field(params, "InteractiveData"));
}

/** WhatsApp's id of the user, which stays when the number is hidden. */
function businessIdOf(params: FormParams): string | undefined {
  const id = field(params, "ExternalUserId");
  if (id === undefined) return undefined;
  const address = id.startsWith("whatsapp:") ? id : `whatsapp:${id}`;
  return isAddress(address) ? address : undefined;
}

/** Twilio's names for the fields of an advertisement. */
const REFERRAL_FIELDS: Readonly<Partial<Record<ReferralField, string>>> = {
  source_type: "ReferralSourceType",
  source_id: "ReferralSourceId",
  source_url: "ReferralSourceUrl",
  headline: "ReferralHeadline",
  body: "ReferralBody",
  ctwa_clid: "ReferralCtwaClid",
  media_type: "ReferralMediaContentType",
  media_url: "ReferralMediaUrl",
};

/** The messages that a message refers to. The text of a press on our message needs no reference. */
function referencesOf(params: FormParams): MessageReference[] {
  const isPress = field(params, "ButtonPayload") !== undefined || field(params, "ListId") !== undefined;
  const repliedTo = isPress ? undefined : field(params, "OriginalRepliedMessageSid");
  const isForward = [field(params, "Forwarded"), field(params, "FrequentlyForwarded")].includes("true");
  return [
    ...(isForward ? [{ kind: "forward" as const }] : []),
    ...(repliedTo === undefined ? [] : [{ kind: "reply" as const, externalId: repliedTo }]),
  ];
}

function profileOf(params: FormParams): JsonObject {
  const waId = field(params, "WaId");
  const userId = businessIdOf(params)?.replace(/^whatsapp:/, "");
  return {
    ...(waId === undefined ? {} : { wa_id: waId }),
    ...(userId === undefined ? {} : { user_id: userId }),
  };
}
