import { errorFinding, type Finding, okFinding } from "../../core/faults/finding.ts";
import { canCallUs } from "../../core/network/loopback.ts";
import type { DiagnoseOptions } from "../channel.ts";
import type { ApiClient } from "../kit/api-client.ts";
import { describeFault, type ProviderWords } from "../kit/api-fault.ts";
import { type JsonBody, readJson } from "../kit/json-body.ts";
import { webhookUrlOf } from "../kit/webhook-url.ts";
import type { TwilioAccount } from "./account.ts";
import { createRestApi } from "./rest-api.ts";
import { twilioUrl } from "./sdk-transport.ts";
import { signatureOf } from "./verify.ts";

export const CREDENTIALS_TAKEN = okFinding("authToken", "Twilio takes the credentials.");

/** The reason why Twilio cannot be asked with these credentials; null: it can. */
export async function accountFault(
  config: TwilioAccount & { from: string },
  client: ApiClient,
  words: ProviderWords,
  signal: AbortSignal,
): Promise<Finding | null> {
  const fault = await createRestApi(config, client).check(signal);
  if (fault === null) return null;
  const what = `${describeFault(fault, words)}.`;
  return fault.kind === "refused"
    ? errorFinding("authToken", what, "copy account SID and auth token again from the Twilio console")
    : errorFinding("apiBaseUrl", what, "check the network, `apiBaseUrl` and proxies");
}

/** Reads what the account has; null if Twilio does not tell. `url` is the address at Twilio's own hosts. */
export async function readOfAccount(
  { accountSid, authToken, apiBaseUrl }: TwilioAccount,
  client: ApiClient,
  url: URL,
  signal: AbortSignal,
): Promise<JsonBody | null> {
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString("base64")}`;
  const answer = await client.call(
    { method: "GET", url: twilioUrl(apiBaseUrl, url), headers: { authorization }, body: null },
    signal,
  );
  return !("kind" in answer) && answer.status === 200 ? readJson(answer.body) : null;
}

/** Compares where Twilio posts messages with the address of this channel. */
export function webhookFinding(
  { url, method }: { url: unknown; method: unknown },
  wanted: string,
  place: { sender: string; setting: string },
): Finding {
  if (url === wanted && method === "POST") return okFinding("from", `Twilio posts to ${wanted}.`);
  const now = url ? `${String(url)} (${String(method)})` : "nowhere";
  return errorFinding(
    "from",
    `Twilio sends messages ${place.sender} to ${now}, not to ${wanted}.`,
    `enter that URL at ${place.setting}, with method POST`,
  );
}

/** Sends a form without a message, signed as Twilio does. The running service must accept its signature. */
export async function signatureFindings(options: DiagnoseOptions<TwilioAccount>): Promise<Finding[]> {
  const { config, publicUrl, callWebhook } = options;
  if (!canCallUs(publicUrl, config.apiBaseUrl))
    return [
      errorFinding(
        "",
        "Twilio posts to a public https address, and CAUSEWAY_PUBLIC_URL names none.",
        "set CAUSEWAY_PUBLIC_URL to where this service can be reached",
      ),
    ];
  const url = webhookUrlOf(options);
  const answer = await callWebhook({
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-twilio-signature": signatureOf(config.authToken, url, { AccountSid: config.accountSid }),
    },
    body: `AccountSid=${config.accountSid}`,
  });
  if (answer === null) return [];
  if (answer.status === 400)
    return [okFinding("authToken", "The running service takes what is signed with this token.")];
  return [
    errorFinding(
      "authToken",
      `The running service answers ${answer.status} to what is signed with this token: it runs with another one or another CAUSEWAY_PUBLIC_URL, or another service answers there.`,
      "restart the service with this configuration",
    ),
  ];
}
