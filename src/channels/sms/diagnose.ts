import { type Finding, okFinding, warningFinding } from "../../core/faults/finding.ts";
import type { DiagnoseOptions } from "../channel-definition.ts";
import { type ApiClient, createApiClient } from "../kit/api-client.ts";
import { asObject, type JsonBody } from "../kit/json-body.ts";
import { webhookUrlOf } from "../kit/webhook-url.ts";
import type { TwilioAccount } from "../twilio/account.ts";
import { checkTokens, readOfAccount, signatureFindings, webhookFinding } from "../twilio/diagnose-account.ts";
import { senderFindings } from "../twilio/diagnose-sender.ts";
import { RCS } from "./address.ts";
import type { SmsConfig } from "./config.ts";
import { words } from "./errors.ts";

type Options = DiagnoseOptions<SmsConfig>;

/** Asks Twilio about the account and its senders, and the running service about the signature. */
export async function diagnose(options: Options): Promise<Finding[]> {
  const { config, signal } = options;
  const client = createApiClient();
  try {
    const { findings, token } = await checkTokens(config, client, words, signal);
    if (token === null) return findings;
    return [
      ...findings,
      ...(await findingsOfSenders(options, { ...config, authToken: token }, client)),
      ...(await signatureFindings(options)),
      ...(await options.checkClock(config.apiBaseUrl)),
    ];
  } finally {
    await client.close();
  }
}

async function findingsOfSenders(
  options: Options,
  account: TwilioAccount,
  client: ApiClient,
): Promise<Finding[]> {
  const { config, signal } = options;
  const { from, rcs } = config;
  const rcsFindings = (key: string, id: string) => {
    const missing = `${id} is not among the account's RCS senders.`;
    const sender = { channel: "rcs", key, id, wanted: webhookUrlOf(options), missing } as const;
    return senderFindings(account, client, sender, signal);
  };
  if (from.startsWith(RCS)) return rcsFindings("from", from);
  const told = await readOfAccount(account, client, numbersUrl(config), signal);
  const numbers = told?.["incoming_phone_numbers"];
  const number = numberFinding(Array.isArray(numbers) ? numbers.map(asObject) : null, options);
  if (rcs === undefined) return [number];
  const service = await readOfAccount(account, client, serviceUrl(rcs.messagingServiceSid), signal);
  return [number, ...(await rcsFindings("rcs.sender", rcs.sender)), serviceFinding(service, options)];
}

/** The account's number (Twilio, "IncomingPhoneNumber resource"). */
function numbersUrl({ accountSid, from }: SmsConfig): URL {
  const path = `/2010-04-01/Accounts/${accountSid}/IncomingPhoneNumbers.json`;
  const url = new URL(`https://api.twilio.com${path}`);
  url.searchParams.set("PhoneNumber", from);
  return url;
}

/** The Messaging Service (Twilio, "Services resource"). */
const serviceUrl = (sid: string) => new URL(`https://messaging.twilio.com/v1/Services/${sid}`);

/** Without numbers, Twilio did not answer. An empty list is an answer: the account has no such number. */
function numberFinding(numbers: readonly (JsonBody | null)[] | null, options: Options): Finding {
  const { from } = options.config;
  const wanted = webhookUrlOf(options);
  const number = numbers?.[0] ?? null;
  if (number === null)
    return warningFinding(
      "from",
      numbers === null
        ? "Twilio does not tell what phone numbers the account has."
        : `${from} is not among the phone numbers that Twilio names for the account; short codes never are.`,
      `see in the Twilio console that "A message comes in" is ${wanted}, with method POST`,
    );
  return webhookFinding({ url: number["sms_url"], method: number["sms_method"] ?? "POST" }, wanted, {
    key: "from",
    sender: "to this number",
    setting: 'the number, "A message comes in"',
  });
}

/** A service posts messages to its own address, unless it is told to use the addresses of its senders. */
function serviceFinding(service: JsonBody | null, options: Options): Finding {
  const key = "rcs.messagingServiceSid";
  const wanted = webhookUrlOf(options);
  if (service === null)
    return warningFinding(
      key,
      "Twilio does not tell about the Messaging Service.",
      "see in the Twilio console that it exists, and that its sender pool has `from` and `rcs.sender`",
    );
  if (service["use_inbound_webhook_on_number"] === true)
    return okFinding(key, "The Messaging Service leaves messages to the webhooks of its senders.");
  const posts = { url: service["inbound_request_url"], method: service["inbound_method"] ?? "POST" };
  return webhookFinding(posts, wanted, {
    key,
    sender: "to this Messaging Service",
    setting: 'the Messaging Service, Integration, "Send a webhook"',
  });
}
