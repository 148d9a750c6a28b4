import type { Choice, Line } from "../line/line.ts";
import { refuse } from "../twilio/answers.ts";
import { readVariables, type Template } from "../twilio/templates.ts";
import type { ApiAnswer } from "../wire/answer-calls.ts";
import { canBeCalled } from "../wire/post-event.ts";

/** A message as a call creates it. */
export interface NewMessage {
  to: string;
  text: string;
  choices: Choice[];
  mediaUrl: string | null;
  isTemplate: boolean;
  statusCallback: string | null;
}

/** Reads the fields of a new message, or refuses as Twilio does (Twilio, "Message resource"). */
export function readMessage(
  line: Line,
  templates: ReadonlyMap<string, Template>,
  payload: Record<string, unknown>,
): NewMessage | ApiAnswer {
  const { From, To, Body, ContentSid, ContentVariables, StatusCallback } = payload;
  const media = [payload.MediaUrl].flat()[0];
  if (From !== `whatsapp:+${line.number}`) {
    return From === undefined && payload.MessagingServiceSid === undefined
      ? refuse(400, 21603, "A 'From' phone number is required.")
      : refuse(400, 63007, "Twilio could not find a Channel with the specified From address");
  }
  const to = /^whatsapp:\+(\d{5,15})$/.exec(String(To ?? ""))?.[1];
  if (to === undefined)
    return refuse(400, To === undefined ? 21604 : 21211, `Invalid 'To' Phone Number: ${String(To ?? "")}`);
  if (StatusCallback !== undefined && !canBeCalled(StatusCallback))
    return refuse(400, 21609, `The 'StatusCallback' URL ${String(StatusCallback)} is not a valid URL.`);
  const common = { to, statusCallback: StatusCallback === undefined ? null : String(StatusCallback) };
  if (ContentSid !== undefined) {
    const variables = readVariables(ContentVariables);
    if (variables === null) return refuse(400, 21656, "The ContentVariables Parameter is invalid.");
    if (Body !== undefined || !/^HX[0-9a-zA-Z]{32}$/.test(String(ContentSid)))
      return refuse(400, 21655, "The ContentSid Parameter is invalid.");
    const template = templates.get(String(ContentSid));
    const body = template?.body ?? ["Template", ContentSid, ...Object.values(variables)].join(" ");
    const text = body.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => variables[name] ?? whole);
    return { ...common, text, choices: template?.choices ?? [], mediaUrl: null, isTemplate: true };
  }
  const text = typeof Body === "string" ? Body : "";
  if (text.trim() === "" && media === undefined) return refuse(400, 21602, "Message body is required.");
  if (text.length > 1600)
    return refuse(400, 21617, "The concatenated message body exceeds the 1600 character limit");
  if (media !== undefined && !canBeCalled(media)) return refuse(400, 21620, "Invalid media URL(s)");
  return {
    ...common,
    text,
    choices: [],
    mediaUrl: media === undefined ? null : String(media),
    isTemplate: false,
  };
}
