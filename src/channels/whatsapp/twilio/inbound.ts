import type { ChannelEvent } from "../../../core/channel-event.ts";
import type { JsonObject } from "../../../core/json.ts";
import type { Logger } from "../../../core/logger.ts";
import { isAddress } from "../address.ts";
import { OPTED_OUT } from "../errors.ts";
import { placeText, toInboundMessage } from "../inbound.ts";
import { attachmentsOf } from "./attachments.ts";
import { type FormParams, field } from "./params.ts";

export interface InboundDeps {
  /** Our own sender: it is not answered. */
  from: string;
  log: Logger;
}

/** Turns a message into events; no events means that it is acknowledged and nothing else. */
export function createInbound({ from, log }: InboundDeps) {
  return function readMessage(params: FormParams, messageSid: string): ChannelEvent[] {
    const ignore = (reason: string): ChannelEvent[] => {
      log.info({ messageSid, reason }, "whatsapp message ignored");
      return [];
    };
    const sender = field(params, "From");
    if (sender === undefined || !isAddress(sender)) return ignore("not sent from a WhatsApp address");
    if (sender === from) return ignore("sent by ourselves");
    const optOut = field(params, "OptOutType");
    if (optOut !== undefined) return readOptOut(optOut, sender);
    const message = toInboundMessage({
      id: messageSid,
      sender,
      userName: field(params, "ProfileName"),
      profile: profileOf(params),
      text: textOf(params),
      attachments: attachmentsOf(params),
      payload: field(params, "ButtonPayload") ?? field(params, "ListId"),
    });
    return message === null ? ignore("nothing in it") : [message];
  };
}

/** STOP, START and HELP: Twilio has answered these itself, and refuses what is sent after a STOP. */
function readOptOut(type: string, userIdentifier: string): ChannelEvent[] {
  if (type === "STOP") return [{ type: "reachability", userIdentifier, unreachable: OPTED_OUT }];
  return type === "START" ? [{ type: "reachability", userIdentifier, unreachable: null }] : [];
}

/** What was written, pressed or chosen; a place as words. */
function textOf(params: FormParams): string {
  const written = field(params, "Body") ?? field(params, "ButtonText") ?? field(params, "ListTitle") ?? "";
  const [latitude, longitude] = [field(params, "Latitude"), field(params, "Longitude")];
  if (latitude === undefined || longitude === undefined) return written;
  return placeText({ latitude, longitude }, [written, field(params, "Label"), field(params, "Address")]);
}

function profileOf(params: FormParams): JsonObject {
  const waId = field(params, "WaId");
  return waId === undefined ? {} : { wa_id: waId };
}
