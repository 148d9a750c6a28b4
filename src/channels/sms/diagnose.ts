import { type Finding, warningFinding } from "../../core/faults/finding.ts";
import type { DiagnoseOptions } from "../channel-definition.ts";
import { createApiClient } from "../kit/api-client.ts";
import { asObject, type JsonBody } from "../kit/json-body.ts";
import { webhookUrlOf } from "../kit/webhook-url.ts";
import { checkTokens, readOfAccount, signatureFindings, webhookFinding } from "../twilio/diagnose-account.ts";
import type { SmsConfig } from "./config.ts";
import { words } from "./errors.ts";

/** Asks Twilio about the account and the number, and the running service about the signature. */
export async function diagnose(options: DiagnoseOptions<SmsConfig>): Promise<Finding[]> {
  const { config, signal } = options;
  const client = createApiClient();
  try {
    const { findings, token } = await checkTokens(config, client, words, signal);
    if (token === null) return findings;
    const told = await readOfAccount({ ...config, authToken: token }, client, numbersUrl(config), signal);
    const numbers = told?.["incoming_phone_numbers"];
    return [
      ...findings,
      numberFinding(Array.isArray(numbers) ? numbers.map(asObject) : null, options),
      ...(await signatureFindings(options)),
      ...(await options.checkClock(config.apiBaseUrl)),
    ];
  } finally {
    await client.close();
  }
}

/** The account's number (Twilio, "IncomingPhoneNumber resource"). */
function numbersUrl({ accountSid, from }: SmsConfig): URL {
  const path = `/2010-04-01/Accounts/${accountSid}/IncomingPhoneNumbers.json`;
  const url = new URL(`https://api.twilio.com${path}`);
  url.searchParams.set("PhoneNumber", from);
  return url;
}

/** Without numbers, Twilio did not answer. An empty list is an answer: the account has no such number. */
function numberFinding(
  numbers: readonly (JsonBody | null)[] | null,
  options: DiagnoseOptions<SmsConfig>,
): Finding {
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
    sender: "to this number",
    setting: 'the number, "A message comes in"',
  });
}
