import { errorFinding, type Finding, okFinding } from "../../core/faults/finding.ts";
import { canCallUs } from "../../core/network/loopback.ts";
import type { DiagnoseOptions } from "../channel-definition.ts";
import type { ApiClient } from "../kit/api-client.ts";
import { describeFault, type ProviderWords } from "../kit/api-fault.ts";
import { type JsonBody, readJson } from "../kit/json-body.ts";
import { webhookUrlOf } from "../kit/webhook-url.ts";
import type { TwilioAccount } from "./account.ts";
import { createRestApi } from "./rest-api.ts";
import { twilioUrl } from "./sdk-transport.ts";
import { signatureOf } from "./verify.ts";

/** The outcome of asking Twilio about the account's tokens. */
export interface CheckedTokens {
  findings: Finding[];
  /** The first token that Twilio takes; null: Twilio takes none, or cannot be asked. */
  token: string | null;
}

type TokenKey = "authToken" | "secondaryAuthToken";

/** Asks Twilio about each token, because a running channel uses whichever works. */
export async function checkTokens(
  config: TwilioAccount & { from: string },
  client: ApiClient,
  words: ProviderWords,
  signal: AbortSignal,
): Promise<CheckedTokens> {
  const findings: Finding[] = [];
  let taken: string | null = null;
  for (const key of ["authToken", "secondaryAuthToken"] as const) {
    const token = config[key];
    if (token === undefined) continue;
    const alone = { ...config, authToken: token, secondaryAuthToken: undefined };
    const fault = await createRestApi(alone, { from: config.from }, client).check(signal);
    // Without an answer of Twilio, the other token would tell nothing else.
    if (fault !== null && fault.kind !== "refused")
      return { findings: [unreachable(`${describeFault(fault, words)}.`)], token: null };
    findings.push(
      fault === null ? takenFinding(key) : refusedFinding(key, `${describeFault(fault, words)}.`),
    );
    if (fault === null) taken ??= token;
  }
  return { findings, token: taken };
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
  place: { key: string; sender: string; setting: string },
): Finding {
  if (url === wanted && method === "POST") return okFinding(place.key, `Twilio posts to ${wanted}.`);
  const now = url ? `${String(url)} (${String(method)})` : "nowhere";
  return errorFinding(
    place.key,
    `Twilio sends messages ${place.sender} to ${now}, not to ${wanted}.`,
    `enter that URL at ${place.setting}, with method POST`,
  );
}

const takenFinding = (key: TokenKey) => okFinding(key, "Twilio takes the credentials.");

function refusedFinding(key: TokenKey, what: string): Finding {
  return errorFinding(
    key,
    what,
    key === "authToken"
      ? "copy account SID and auth token again from the Twilio console"
      : "copy the secondary auth token again from the Twilio console, or leave `secondaryAuthToken` out",
  );
}

const unreachable = (what: string) =>
  errorFinding("apiBaseUrl", what, "check the network, `apiBaseUrl` and proxies");

/** Sends a form without a message, signed with each token as Twilio does. The running service must accept the signatures. */
export async function signatureFindings(options: DiagnoseOptions<TwilioAccount>): Promise<Finding[]> {
  const { config, publicUrl } = options;
  if (!canCallUs(publicUrl, config.apiBaseUrl))
    return [
      errorFinding(
        "",
        "Twilio posts to a public https address, and CAUSEWAY_PUBLIC_URL names none.",
        "set CAUSEWAY_PUBLIC_URL to the public address of this service",
      ),
    ];
  const findings: Finding[] = [];
  for (const key of ["authToken", "secondaryAuthToken"] as const) {
    const token = config[key];
    const finding = token === undefined ? null : await signatureFinding(options, key, token);
    if (finding !== null) findings.push(finding);
  }
  return findings;
}

/** Null: no Causeway answers there. */
async function signatureFinding(
  options: DiagnoseOptions<TwilioAccount>,
  key: TokenKey,
  token: string,
): Promise<Finding | null> {
  const { accountSid } = options.config;
  const answer = await options.callWebhook({
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-twilio-signature": signatureOf(token, webhookUrlOf(options), { AccountSid: accountSid }),
    },
    body: `AccountSid=${accountSid}`,
  });
  if (answer === null) return null;
  if (answer.status === 400)
    return okFinding(key, "The running service accepts requests that are signed with this token.");
  return errorFinding(
    key,
    `The running service answers ${answer.status} to a request that is signed with this token. It runs with another token or another CAUSEWAY_PUBLIC_URL, or another service answers there.`,
    "restart the service with this configuration",
  );
}
