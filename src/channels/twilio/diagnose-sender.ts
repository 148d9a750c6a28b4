import { errorFinding, type Finding, okFinding, warningFinding } from "../../core/faults/finding.ts";
import type { ApiClient } from "../kit/api-client.ts";
import { asObject } from "../kit/json-body.ts";
import type { TwilioAccount } from "./account.ts";
import { readOfAccount, webhookFinding } from "./diagnose-account.ts";

/** A sender of a messaging app, and the key that names it in the configuration. */
export interface ConfiguredSender {
  channel: "whatsapp" | "rcs";
  key: string;
  id: string;
  /** The address of our webhook. */
  wanted: string;
  /** The sentence for a sender that Twilio does not name. */
  missing: string;
}

/** Asks Twilio whether the sender is online, and where its messages go (Twilio, "Channels Senders API"). */
export async function senderFindings(
  account: TwilioAccount,
  client: ApiClient,
  { channel, key, id, wanted, missing }: ConfiguredSender,
  signal: AbortSignal,
): Promise<Finding[]> {
  const url = new URL(`https://messaging.twilio.com/v2/Channels/Senders?Channel=${channel}&PageSize=100`);
  const senders = (await readOfAccount(account, client, url, signal))?.["senders"];
  const sender = Array.isArray(senders)
    ? senders.map(asObject).find((each) => each?.["sender_id"] === id)
    : undefined;
  if (!sender)
    return [
      warningFinding(
        key,
        Array.isArray(senders) ? missing : "Twilio does not tell what senders the account has.",
        `see in the Twilio console that "When a message comes in" is ${wanted}, with method POST`,
      ),
    ];
  const status = String(sender["status"]);
  const online = status.startsWith("ONLINE")
    ? okFinding(key, `The sender ${id} is online.`)
    : errorFinding(key, `The sender ${id} is ${status}.`, "check it in the Twilio console, Senders");
  const webhook = asObject(sender["webhook"]);
  const posts = { url: webhook?.["callback_url"], method: webhook?.["callback_method"] ?? "POST" };
  const place = {
    key,
    sender: "of this sender",
    setting: 'the sender, "Webhook URL for incoming messages"',
  };
  return [online, webhookFinding(posts, wanted, place)];
}
