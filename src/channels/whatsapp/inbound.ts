import type { ChannelEvent, InboundMessage } from "../../core/channel-event.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Logger } from "../../core/logger.ts";
import { isAddress } from "./address.ts";
import { attachmentsOf } from "./attachments.ts";
import { type FormParams, field } from "./params.ts";
import type { Recent } from "./recent.ts";

export interface InboundDeps {
  /** Our own sender: it is not answered. */
  from: string;
  /** Told the id of the newest message of each address. */
  lastMessages: Recent;
  log: Logger;
}

/** Turns a message into events; no events means that it is acknowledged and nothing else. */
export function createInbound({ from, lastMessages, log }: InboundDeps) {
  return function readMessage(params: FormParams, messageSid: string): ChannelEvent[] {
    const ignore = (reason: string): ChannelEvent[] => {
      log.info({ messageSid, reason }, "whatsapp message ignored");
      return [];
    };
    const sender = field(params, "From");
    if (sender === undefined || !isAddress(sender)) return ignore("not sent from a WhatsApp address");
    if (sender === from) return ignore("sent by ourselves");
    // STOP, START and HELP: Twilio has answered these itself, and refuses what is sent after a STOP.
    if (field(params, "OptOutType") !== undefined) return ignore("an opt-out keyword");
    const text = textOf(params);
    const attachments = attachmentsOf(params);
    if (text === "" && attachments.length === 0) return ignore("nothing in it");
    lastMessages.set(sender, messageSid);
    return [toMessage(params, { messageSid, sender, text, attachments })];
  };
}

type Parts = { messageSid: string; sender: string; text: string } & Pick<
  Required<InboundMessage>,
  "attachments"
>;

function toMessage(params: FormParams, { messageSid, sender, text, attachments }: Parts): InboundMessage {
  const userName = field(params, "ProfileName");
  const payload = field(params, "ButtonPayload") ?? field(params, "ListId");
  return {
    type: "message",
    eventKeys: [`message:${messageSid}`],
    // Opaque: usually a phone number, but WhatsApp also has ids that are none.
    conversation: { address: sender, userIdentifier: sender, externalId: null },
    ...(userName === undefined ? {} : { userName }),
    profile: profileOf(params),
    // A photo without a caption still has to be something that a bot can answer.
    text: text === "" ? attachments.map(({ kind }) => `[${kind}]`).join(" ") : text,
    ...(attachments.length === 0 ? {} : { attachments }),
    ...(payload === undefined ? {} : { payload }),
  };
}

/** What was written, pressed or chosen; a place as words. */
function textOf(params: FormParams): string {
  const written = field(params, "Body") ?? field(params, "ButtonText") ?? field(params, "ListTitle") ?? "";
  const [latitude, longitude] = [field(params, "Latitude"), field(params, "Longitude")];
  if (latitude === undefined || longitude === undefined) return written.trim() === "" ? "" : written;
  const place = [field(params, "Label"), field(params, "Address"), `${latitude}, ${longitude}`];
  const named = [...new Set([written.trim(), ...place])].filter((words) => words);
  return `[location] ${named.join(", ")}`;
}

function profileOf(params: FormParams): JsonObject {
  const waId = field(params, "WaId");
  return waId === undefined ? {} : { wa_id: waId };
}
