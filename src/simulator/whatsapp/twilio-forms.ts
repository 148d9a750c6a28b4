import type { Chat, Failure, StoredFile, StoredMessage } from "../line/line.ts";
import { arrivedFields, stateFields } from "../twilio/form-fields.ts";
import type { PressedChoice } from "./provider.ts";
import { placeFields } from "./things.ts";

/** The account and its sender, as they stand in every form. */
type Account = { accountSid: string; from: string };

const senderFields = (chat: Chat, { from }: Account) => ({
  From: `whatsapp:+${chat.number}`,
  To: from,
  ProfileName: chat.title,
  WaId: chat.number,
});

/** The form that Twilio posts for a message of a user. `file`: the address and the type of its file. */
export function messageForm(
  account: Account,
  chat: Chat,
  { id, text, thing, replyTo }: StoredMessage,
  pressed: PressedChoice | null,
  file: (Pick<StoredFile, "contentType"> & { url: string }) | null,
): Record<string, string> {
  const place = thing?.kind === "location" ? placeFields(thing) : {};
  const media = file === null ? {} : { MediaUrl0: file.url, MediaContentType0: file.contentType };
  const button = pressed?.kind === "button" ? { ButtonText: pressed.title, ButtonPayload: pressed.id } : {};
  const form = pressed?.kind === "flow" ? { InteractiveData: JSON.stringify(pressed.filled) } : {};
  const row = pressed?.kind === "list" ? { ListTitle: pressed.title, ListId: pressed.id } : {};
  const context =
    replyTo === null
      ? {}
      : { OriginalRepliedMessageSid: replyTo, OriginalRepliedMessageSender: account.from };
  return {
    ...arrivedFields(id, account.accountSid),
    ...senderFields(chat, account),
    Body: text,
    NumMedia: file === null ? "0" : "1",
    NumSegments: "1",
    MessageType: messageType(pressed, file),
    ...place,
    ...media,
    ...button,
    ...row,
    ...form,
    ...context,
  };
}

function messageType(pressed: PressedChoice | null, file: Pick<StoredFile, "contentType"> | null): string {
  if (pressed !== null) return pressed.kind === "button" ? "button" : "interactive";
  const type = file?.contentType.split("/")[0] ?? "text";
  return type === "application" ? "document" : type;
}

/** The form for a reaction of a user to one of our messages. */
export function reactionForm(
  account: Account,
  chat: Chat,
  OriginalRepliedMessageSid: string,
  { id: MessageSid, emoji: Body }: { id: string; emoji: string },
): Record<string, string> {
  const about = { MessageSid, SmsMessageSid: MessageSid, SmsSid: MessageSid, OriginalRepliedMessageSid };
  const { accountSid: AccountSid } = account;
  return {
    ...senderFields(chat, account),
    ...about,
    AccountSid,
    Body,
    MessageType: "reaction",
    NumMedia: "0",
  };
}

/** The form for the state of one of our messages. */
export function statusForm(
  { accountSid, from }: Account,
  chat: Chat,
  id: string,
  { status, isRead, failure }: { status: string; isRead: boolean; failure: Failure | null },
): Record<string, string> {
  return {
    ...stateFields(id, accountSid, status),
    From: from,
    To: `whatsapp:+${chat.number}`,
    ChannelPrefix: "whatsapp",
    ...(isRead ? { EventType: "READ" } : {}),
    ...(failure === null ? {} : { ErrorCode: String(failure.code), ChannelStatusMessage: failure.title }),
  };
}
