import type { Choice } from "../line/line.ts";
import { refuse } from "../twilio/answers.ts";
import { readVariables, type Template } from "../twilio/templates.ts";
import type { ApiAnswer } from "../wire/answer-calls.ts";
import { canBeCalled } from "../wire/post-event.ts";
import { RCS, rcsSenderOf, type SmsAccount, type SmsLine, wayOf } from "./account.ts";

/** A message as a call creates it. */
export interface NewSms {
  /** The user's number, digits only. */
  to: string;
  via: "sms" | "rcs";
  /** The Messaging Service that the call names; null: none. */
  serviceSid: string | null;
  text: string;
  choices: Choice[];
  mediaUrl: string | null;
  statusCallback: string | null;
}

/** Twilio's limit for the texts of all its channels. */
const MOST_CHARACTERS = 1600;

/** Reads the fields of a new message, or refuses as Twilio does (Twilio, "Message resource"). */
export function readSms(
  account: SmsAccount,
  line: SmsLine,
  templates: ReadonlyMap<string, Template>,
  payload: Record<string, unknown>,
): NewSms | ApiAnswer {
  const route = readRoute(account, line, payload);
  if ("status" in route) return route;
  if (line.optedOut.has(route.to)) return refuse(400, 21610, "Attempt to send to unsubscribed recipient");
  const { StatusCallback } = payload;
  if (StatusCallback !== undefined && !canBeCalled(StatusCallback))
    return refuse(400, 21609, `The 'StatusCallback' URL ${String(StatusCallback)} is not a valid URL.`);
  const content = readContent(templates, payload);
  if ("status" in content) return content;
  const statusCallback = StatusCallback === undefined ? null : String(StatusCallback);
  return { ...route, ...content, statusCallback };
}

/** The receiver, and the way to it. */
function readRoute(
  account: SmsAccount,
  line: SmsLine,
  { From, To, MessagingServiceSid, FallbackFrom }: Record<string, unknown>,
): Pick<NewSms, "to" | "via" | "serviceSid"> | ApiAnswer {
  const serviceSid = MessagingServiceSid === undefined ? null : String(MessagingServiceSid);
  if (From === undefined && serviceSid === null)
    return refuse(400, 21603, "A 'From' phone number is required.");
  if (From === undefined && serviceSid !== account.rcs?.messagingServiceSid)
    return refuse(404, 21701, "The Messaging Service does not exist");
  if (FallbackFrom !== undefined && From !== undefined)
    return refuse(400, 21664, "'FallbackFrom' needs a Messaging Service");
  if (FallbackFrom !== undefined && FallbackFrom !== account.from)
    return refuse(400, 21606, "The 'FallbackFrom' phone number is not in the sender pool");
  const sender = From === undefined ? null : String(From);
  const isRcsSender = sender !== null && sender === rcsSenderOf(account);
  if (sender !== null && sender !== account.from && !isRcsSender)
    return sender.startsWith(RCS)
      ? refuse(400, 63007, "Twilio could not find a Channel with the specified From address")
      : refuse(400, 21606, `The 'From' phone number ${sender} is not a valid message-capable number`);
  const written = String(To ?? "");
  const number = /^(?:rcs:)?\+(\d{5,15})$/.exec(written)?.[1];
  const isRcsAddress = written.startsWith(RCS);
  if (number === undefined || (sender !== null && isRcsAddress !== isRcsSender))
    return refuse(400, To === undefined ? 21604 : 21211, `Invalid 'To' Phone Number: ${written}`);
  if (sender !== null) return { to: number, via: isRcsSender ? "rcs" : "sms", serviceSid };
  return { to: number, via: isRcsAddress ? "rcs" : wayOf(account, line, number), serviceSid };
}

function readContent(
  templates: ReadonlyMap<string, Template>,
  { Body, ContentSid, ContentVariables, MediaUrl }: Record<string, unknown>,
): Pick<NewSms, "text" | "choices" | "mediaUrl"> | ApiAnswer {
  if (ContentSid !== undefined) {
    const variables = readVariables(ContentVariables);
    const template = templates.get(String(ContentSid));
    if (variables === null) return refuse(400, 21656, "The ContentVariables Parameter is invalid.");
    if (template === undefined || Body !== undefined)
      return refuse(400, 21655, "The ContentSid Parameter is invalid.");
    const text = template.body.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => variables[name] ?? whole);
    return { text, choices: template.choices, mediaUrl: null };
  }
  const [media] = [MediaUrl].flat();
  const text = typeof Body === "string" ? Body : "";
  if (text.trim() === "" && media === undefined) return refuse(400, 21602, "Message body is required.");
  if (text.length > MOST_CHARACTERS)
    return refuse(400, 21617, "The concatenated message body exceeds the 1600 character limit");
  if (media !== undefined && !canBeCalled(media)) return refuse(400, 21620, "Invalid media URL(s)");
  return { text, choices: [], mediaUrl: media === undefined ? null : String(media) };
}
