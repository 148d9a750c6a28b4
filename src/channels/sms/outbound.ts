import type { OutboundPart, SendResult } from "../../core/message/outbound.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { Reachability } from "../../core/session/reachability.ts";
import { toPlainText } from "../../core/text/markdown/plain-text.ts";
import { segmentsOf } from "../../core/text/sms-segments.ts";
import type { Channel } from "../channel.ts";
import { createMessageCreator } from "../twilio/create-message.ts";
import { createFinder } from "../twilio/find-sent.ts";
import type { RestApi } from "../twilio/rest-api.ts";
import { isNumber } from "./address.ts";
import type { SmsConfig } from "./config.ts";
import { words } from "./errors.ts";
import { recipientOf } from "./sender.ts";

export interface OutboundDeps {
  config: Pick<SmsConfig, "from" | "rcs">;
  api: RestApi;
  /** The URL for Twilio's status reports; null if Twilio cannot reach us. */
  statusUrl: string | null;
  log: Logger;
}

/** Sends SMS. Every outcome is a value. A file is sent as its link, because few networks carry files. */
export function createOutbound({ config, log, ...deps }: OutboundDeps) {
  const create = createMessageCreator({ ...deps, words });
  const find = createFinder(deps.api);

  async function send(part: OutboundPart, signal: AbortSignal): Promise<SendResult> {
    const { address, deliveryId } = part;
    if (!isNumber(address)) return { kind: "failed", ...badAddress(address), scope: "conversation" };
    const body = saidOf(part);
    const result = await create(recipientOf(config, address), { body }, { deliveryId, signal });
    // Each segment of an SMS is paid for.
    if (result.kind === "sent") log.info({ delivery_id: deliveryId, ...segmentsOf(body) }, "sms sent");
    return result;
  }

  return {
    send,
    canReach: async (address: string): Promise<Reachability> =>
      isNumber(address) ? { kind: "reachable" } : { kind: "unreachable", ...badAddress(address) },
    findSent: (part, since, signal) =>
      find(recipientOf(config, part.address), { text: saidOf(part), isFile: false }, since, signal),
  } satisfies Pick<Channel, "send" | "canReach" | "findSent">;
}

const saidOf = ({ text, format }: OutboundPart): string => (format === "text" ? text : toPlainText(text));

const badAddress = (address: string) => ({
  reason: `"${address}" is not a phone number: it looks like +491701234567`,
  code: `${words.prefix}_bad_address`,
});
