import { errorFinding, type Finding, okFinding, warningFinding } from "../../core/faults/finding.ts";
import type { DiagnoseOptions } from "../channel.ts";
import { createApiClient } from "../kit/api-client.ts";
import { asObject, type JsonBody, readJson } from "../kit/json-body.ts";
import { webhookUrlOf } from "../kit/webhook-url.ts";
import { accountFault, CREDENTIALS_TAKEN, signatureFindings } from "../twilio/diagnose-account.ts";
import { twilioUrl } from "../twilio/sdk-transport.ts";
import type { SmsConfig } from "./config.ts";
import { words } from "./errors.ts";

/** Asks Twilio about the account and the number, and the running service about the signature. */
export async function diagnose(options: DiagnoseOptions<SmsConfig>): Promise<Finding[]> {
  const { config, signal } = options;
  const client = createApiClient();
  try {
    const fault = await accountFault(config, client, words, signal);
    if (fault !== null) return [fault];
    const credentials = Buffer.from(`${config.accountSid}:${config.authToken}`).toString("base64");
    const headers = { authorization: `Basic ${credentials}` };
    const answer = await client.call({ method: "GET", url: numbersUrl(config), headers, body: null }, signal);
    const isTold = !("kind" in answer) && answer.status === 200;
    const numbers = isTold ? readJson(answer.body)?.["incoming_phone_numbers"] : null;
    return [
      CREDENTIALS_TAKEN,
      numberFinding(Array.isArray(numbers) ? asObject(numbers[0]) : null, options),
      ...(await signatureFindings(options)),
      ...(await options.checkClock(config.apiBaseUrl)),
    ];
  } finally {
    await client.close();
  }
}

/** The account's number (Twilio, "IncomingPhoneNumber resource"). */
function numbersUrl({ accountSid, apiBaseUrl, from }: SmsConfig): URL {
  const path = `/2010-04-01/Accounts/${accountSid}/IncomingPhoneNumbers.json`;
  const url = new URL(`https://api.twilio.com${path}`);
  url.searchParams.set("PhoneNumber", from);
  return twilioUrl(apiBaseUrl, url);
}

function numberFinding(number: JsonBody | null, options: DiagnoseOptions<SmsConfig>): Finding {
  const { from } = options.config;
  const wanted = webhookUrlOf(options);
  if (number === null)
    return warningFinding(
      "from",
      `${from} is not among the phone numbers that Twilio names for the account; short codes never are.`,
      `see in the Twilio console that "A message comes in" is ${wanted}, with method POST`,
    );
  const [url, method] = [number["sms_url"], number["sms_method"] ?? "POST"];
  if (url === wanted && method === "POST") return okFinding("from", `Twilio posts to ${wanted}.`);
  return errorFinding(
    "from",
    `Twilio sends messages to this number to ${url ? `${String(url)} (${String(method)})` : "nowhere"}, not to ${wanted}.`,
    'enter that URL at the number, "A message comes in", with method POST',
  );
}
