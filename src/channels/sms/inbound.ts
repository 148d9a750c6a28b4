import type { ChannelEvent } from "../../core/message/channel-event.ts";
import type { InboundMessage } from "../../core/message/inbound-message.ts";
import type { Logger } from "../../core/process/logger.ts";
import { OPTED_OUT } from "../kit/opted-out.ts";
import { createWordCheck } from "../kit/whole-words.ts";
import { attachmentsOf } from "../twilio/attachments.ts";
import { type FormParams, field } from "../twilio/params.ts";
import { isNumber, RCS } from "./address.ts";
import type { SmsConfig } from "./config.ts";
import { isOurs } from "./sender.ts";

export interface InboundDeps {
  config: Pick<SmsConfig, "from" | "rcs" | "optOutWords" | "optInWords" | "helpWords">;
  log: Logger;
}

type Meaning = "STOP" | "START" | "HELP";

/** Turns a message into events. An empty list means that it is only acknowledged. */
export function createInbound({ config, log }: InboundDeps) {
  const checks = {
    STOP: createWordCheck(config.optOutWords),
    START: createWordCheck(config.optInWords),
    HELP: createWordCheck(config.helpWords),
  };

  /** Twilio names the meaning where the account's own words are set up (Advanced Opt-Out). */
  function meaningOf(message: InboundMessage, named: string | undefined): Meaning | null {
    const meanings = Object.keys(checks) as Meaning[];
    return meanings.find((each) => each === named) ?? meanings.find((each) => checks[each](message)) ?? null;
  }

  return function readMessage(params: FormParams, messageSid: string): ChannelEvent[] {
    const ignore = (reason: string): ChannelEvent[] => {
      log.info({ messageSid, reason }, "sms ignored");
      return [];
    };
    const from = field(params, "From") ?? "";
    // A person has one number in both. Other channels of the account have another prefix: `whatsapp:+49…`.
    const sender = from.startsWith(RCS) ? from.slice(RCS.length) : from;
    if (!isNumber(sender)) return ignore("not sent from a phone number");
    if (isOurs(config, sender)) return ignore("sent by ourselves");
    const to = field(params, "To") ?? "";
    if (!isOurs(config, to)) {
      log.warn({ messageSid, to }, "a message to another number of the account was ignored");
      return [];
    }
    const message = toMessage(params, messageSid, sender);
    switch (meaningOf(message, field(params, "OptOutType"))) {
      case "STOP":
        return [{ type: "reachability", userIdentifier: sender, unreachable: OPTED_OUT }];
      case "START":
        return [{ type: "reachability", userIdentifier: sender, unreachable: null }];
      case "HELP":
        return ignore("a word that Twilio answers");
      case null:
        return message.text.trim() === "" && message.attachments === undefined
          ? ignore("nothing in it")
          : [message];
    }
  };
}

function toMessage(params: FormParams, messageSid: string, sender: string): InboundMessage {
  const attachments = attachmentsOf(params);
  const country = field(params, "FromCountry");
  return {
    type: "message",
    eventKeys: [`message:${messageSid}`],
    conversation: { address: sender, userIdentifier: sender, externalKey: null },
    profile: country === undefined ? {} : { country },
    text: field(params, "Body") ?? "",
    ...(attachments.length === 0 ? {} : { attachments }),
  };
}
