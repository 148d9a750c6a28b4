import { errorFinding, type Finding, okFinding, warningFinding } from "../../../core/faults/finding.ts";
import type { DiagnoseOptions } from "../../channel-definition.ts";
import { createApiClient } from "../../kit/api-client.ts";
import { asObject, type JsonBody } from "../../kit/json-body.ts";
import { webhookUrlOf } from "../../kit/webhook-url.ts";
import {
  checkTokens,
  readOfAccount,
  signatureFindings,
  webhookFinding,
} from "../../twilio/diagnose-account.ts";
import type { TwilioConfig } from "./config.ts";
import { words } from "./words.ts";

/** The senders of the account (Twilio, "Channels Senders API"). */
const SENDERS = new URL("https://messaging.twilio.com/v2/Channels/Senders?Channel=whatsapp&PageSize=100");

/** Asks Twilio about the account and the sender, and the running service about the signature. */
export async function diagnoseTwilio(options: DiagnoseOptions<TwilioConfig>): Promise<Finding[]> {
  const { config, signal } = options;
  const client = createApiClient();
  try {
    const { findings, token } = await checkTokens(config, client, words, signal);
    if (token === null) return findings;
    const told = await readOfAccount({ ...config, authToken: token }, client, SENDERS, signal);
    const senders = told?.["senders"];
    return [
      ...findings,
      ...senderFindings(Array.isArray(senders) ? senders.map(asObject) : null, options),
      ...(await signatureFindings(options)),
      ...(await options.checkClock(config.apiBaseUrl)),
    ];
  } finally {
    await client.close();
  }
}

function senderFindings(
  senders: readonly (JsonBody | null)[] | null,
  options: DiagnoseOptions<TwilioConfig>,
): Finding[] {
  const { config } = options;
  const wanted = webhookUrlOf(options);
  const sender = senders?.find((each) => each?.["sender_id"] === config.from);
  if (!sender)
    return [
      warningFinding(
        "from",
        senders === null
          ? "Twilio does not tell what senders the account has."
          : `${config.from} is not among the account's WhatsApp senders; that of the sandbox never is.`,
        `see in the Twilio console that "When a message comes in" is ${wanted}, with method POST`,
      ),
    ];
  const status = String(sender["status"]);
  const online = status.startsWith("ONLINE")
    ? okFinding("from", `The sender ${config.from} is online.`)
    : errorFinding(
        "from",
        `The sender ${config.from} is ${status}.`,
        "check it in the Twilio console, Senders",
      );
  const webhook = asObject(sender["webhook"]);
  const posts = { url: webhook?.["callback_url"], method: webhook?.["callback_method"] ?? "POST" };
  const place = {
    sender: "of this sender",
    setting: 'the sender, "Webhook URL for incoming messages"',
  };
  return [online, webhookFinding(posts, wanted, place)];
}
