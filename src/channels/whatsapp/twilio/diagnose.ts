import { broken, doubtful, type Finding, well } from "../../../core/finding.ts";
import { canCallUs } from "../../../core/loopback.ts";
import type { DiagnoseOptions } from "../../channel.ts";
import { createApiClient } from "../api-client.ts";
import { describeFault } from "../errors.ts";
import { asObject, type JsonBody, readJson } from "../json-body.ts";
import { twilioWords } from "./codes.ts";
import type { TwilioConfig } from "./config.ts";
import { createRestApi, messagingUrl } from "./rest-api.ts";
import { signatureOf } from "./verify.ts";

/** Asks Twilio about the account and the sender, and the running service about the signature. */
export async function diagnoseTwilio(options: DiagnoseOptions<TwilioConfig>): Promise<Finding[]> {
  const { config, signal } = options;
  const client = createApiClient();
  try {
    const fault = await createRestApi(config, client).check(signal);
    if (fault !== null) {
      const isRefused = fault.kind === "refused";
      const what = `${describeFault(fault, twilioWords)}.`;
      return isRefused
        ? [broken("authToken", what, "copy account SID and auth token again from the Twilio console")]
        : [broken("apiBaseUrl", what, "check the network, `apiBaseUrl` and proxies")];
    }
    const url = messagingUrl(config.apiBaseUrl, "/v2/Channels/Senders?Channel=whatsapp&PageSize=100");
    const credentials = Buffer.from(`${config.accountSid}:${config.authToken}`).toString("base64");
    const headers = { authorization: `Basic ${credentials}` };
    const answer = await client.call({ method: "GET", url, headers, body: null }, signal);
    const told = !("kind" in answer) && answer.status === 200;
    const senders = told ? readJson(answer.body)?.["senders"] : null;
    return [
      well("authToken", "Twilio takes the credentials."),
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
  { name, config, publicUrl }: DiagnoseOptions<TwilioConfig>,
): Finding[] {
  const wanted = `${publicUrl.url}/webhooks/${encodeURIComponent(name)}`;
  const sender = senders?.find((each) => each?.["sender_id"] === config.from);
  if (!sender)
    return [
      doubtful(
        "from",
        senders === null
          ? "Twilio does not tell what senders the account has."
          : `${config.from} is not among the account's WhatsApp senders; that of the sandbox never is.`,
        `see in the Twilio console that "When a message comes in" is ${wanted}, with method POST`,
      ),
    ];
  const status = String(sender["status"]);
  const online = status.startsWith("ONLINE")
    ? well("from", `The sender ${config.from} is online.`)
    : broken("from", `The sender ${config.from} is ${status}.`, "look at it in the Twilio console, Senders");
  const webhook = asObject(sender["webhook"]);
  const [url, method] = [webhook?.["callback_url"], webhook?.["callback_method"] ?? "POST"];
  if (url === wanted && method === "POST") return [online, well("from", `Twilio posts to ${wanted}.`)];
  return [
    online,
    broken(
      "from",
      `Twilio sends messages of this sender to ${url ? `${String(url)} (${String(method)})` : "nowhere"}, not to ${wanted}.`,
      'enter that URL at the sender, "Webhook URL for incoming messages", with method POST',
    ),
  ];
}

/** A form without a message, signed as Twilio does: the running service must get past the signature. */
async function signatureFindings({
  name,
  config,
  publicUrl,
  callWebhook,
}: DiagnoseOptions<TwilioConfig>): Promise<Finding[]> {
  if (!canCallUs(publicUrl, config.apiBaseUrl))
    return [
      broken(
        "",
        "Twilio posts to a public https address, and CAUSEWAY_PUBLIC_URL names none.",
        "set CAUSEWAY_PUBLIC_URL to where this service can be reached",
      ),
    ];
  const url = `${publicUrl.url}/webhooks/${encodeURIComponent(name)}`;
  const params = new Map([["AccountSid", [config.accountSid]]]);
  const answer = await callWebhook({
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-twilio-signature": signatureOf(config.authToken, url, params),
    },
    body: `AccountSid=${config.accountSid}`,
  });
  if (answer === null) return [];
  if (answer.status === 400)
    return [well("authToken", "The running service takes what is signed with this token.")];
  return [
    broken(
      "authToken",
      `The running service answers ${answer.status} to what is signed with this token: it runs with another one or another CAUSEWAY_PUBLIC_URL, or another service answers there.`,
      "restart the service with this configuration",
    ),
  ];
}
