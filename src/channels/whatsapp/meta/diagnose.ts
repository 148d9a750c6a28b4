import { createHmac } from "node:crypto";
import { errorFinding, type Finding, okFinding, warningFinding } from "../../../core/faults/finding.ts";
import type { DiagnoseOptions } from "../../channel-definition.ts";
import { createApiClient } from "../../kit/api-client.ts";
import { describeFault } from "../../kit/api-fault.ts";
import { asObject, type JsonBody } from "../../kit/json-body.ts";
import { webhookUrlOf } from "../../kit/webhook-url.ts";
import { metaWords } from "./codes.ts";
import type { MetaConfig } from "./config.ts";
import { PROOF_REFUSED } from "./errors.ts";
import { createGraphApi } from "./graph-api.ts";

const SCOPE = "whatsapp_business_messaging";
const SOON_MS = 14 * 24 * 60 * 60_000;

/** Asks the Graph API about number, token and subscription, and the running service about the signature. */
export async function diagnoseMeta(options: DiagnoseOptions<MetaConfig>): Promise<Finding[]> {
  const { config, signal } = options;
  const client = createApiClient();
  const api = createGraphApi(config, client);
  const look = (path: string) => api.read(path, signal);

  try {
    const fault = await api.check(signal);
    if (fault !== null) {
      const what = `${describeFault(fault, metaWords)}.`;
      if (fault.kind === "refused" && fault.code === PROOF_REFUSED)
        return [errorFinding("appSecret", what, "copy it again from App settings, Basic, of this app")];
      return fault.kind === "refused"
        ? [errorFinding("accessToken", what, "compare token and phone number id with WhatsApp, API Setup")]
        : [errorFinding("apiBaseUrl", what, "check the network, `apiBaseUrl` and proxies")];
    }
    const number = await look(`${config.phoneNumberId}?fields=display_phone_number,webhook_configuration`);
    const token = asObject(
      (await look(`debug_token?input_token=${encodeURIComponent(config.accessToken)}`))?.["data"],
    );
    const account = accountOf(token);
    const subscribed = account === null ? null : (await look(`${account}/subscribed_apps`))?.["data"];
    return [
      okFinding(
        "phoneNumberId",
        `The number is ${String(number?.["display_phone_number"] ?? config.phoneNumberId)}.`,
      ),
      ...tokenFindings(token),
      subscriptionFinding(subscribed),
      ...webhookFindings(asObject(number?.["webhook_configuration"]), options),
      ...(await signatureFindings(options)),
      ...(await options.checkClock(config.apiBaseUrl)),
    ];
  } finally {
    await client.close();
  }
}

function tokenFindings(token: JsonBody | null): Finding[] {
  const scopes = token?.["scopes"];
  if (token === null || !Array.isArray(scopes))
    return [
      warningFinding(
        "accessToken",
        "Meta does not show the permissions of the token.",
        `check in the Access Token Debugger that it has ${SCOPE} and does not expire`,
      ),
    ];
  if (!scopes.includes(SCOPE))
    return [
      errorFinding(
        "accessToken",
        `The token lacks ${SCOPE}.`,
        "generate one of a system user with that permission",
      ),
    ];
  const expiresAt = Number(token["expires_at"] ?? 0) * 1000;
  if (expiresAt > 0 && expiresAt - Date.now() < SOON_MS)
    return [
      warningFinding(
        "accessToken",
        `The token ends at ${new Date(expiresAt).toISOString()}.`,
        "use that of a system user, which does not expire",
      ),
    ];
  return [okFinding("accessToken", `The token has ${SCOPE}.`)];
}

/** The WhatsApp business account that the token is valid for. */
function accountOf(token: JsonBody | null): string | null {
  const granular = token?.["granular_scopes"];
  const scope = Array.isArray(granular)
    ? granular.map(asObject).find((each) => each?.["scope"] === "whatsapp_business_management")
    : undefined;
  const targets = scope?.["target_ids"];
  const [id] = Array.isArray(targets) ? targets : [];
  return typeof id === "string" && /^\d+$/.test(id) ? id : null;
}

function subscriptionFinding(subscribed: unknown): Finding {
  if (!Array.isArray(subscribed))
    return warningFinding(
      "",
      "Meta does not tell whether the app is subscribed to the business account.",
      "see in the Meta app, WhatsApp, Configuration, that the field `messages` is subscribed",
    );
  return subscribed.length > 0
    ? okFinding("", "An app is subscribed to the business account.")
    : errorFinding(
        "",
        "No app is subscribed to the business account: nothing is posted.",
        "POST /<account id>/subscribed_apps",
      );
}

function webhookFindings(configured: JsonBody | null, options: DiagnoseOptions<MetaConfig>): Finding[] {
  const wanted = webhookUrlOf(options);
  // The more specific one applies (Meta, "Webhook overrides").
  const url =
    configured?.["phone_number"] ?? configured?.["whatsapp_business_account"] ?? configured?.["application"];
  const fix = `enter ${wanted} in the Meta app under WhatsApp, Configuration, with \`verifyToken\` beside it`;
  if (typeof url !== "string")
    return [warningFinding("", "Meta does not show the address to which it posts.", `check this: ${fix}`)];
  return url === wanted
    ? [okFinding("", `Meta posts to ${wanted}.`)]
    : [errorFinding("", `Meta posts to ${url}, not to ${wanted}.`, fix)];
}

/** Sends an event without entries, signed as Meta does. The running service must accept its signature. */
async function signatureFindings({
  config,
  publicUrl,
  callWebhook,
}: DiagnoseOptions<MetaConfig>): Promise<Finding[]> {
  if (!publicUrl.isPublic)
    return [
      errorFinding(
        "",
        "Meta posts to a public https address, and CAUSEWAY_PUBLIC_URL names none.",
        "set CAUSEWAY_PUBLIC_URL to the public address of this service",
      ),
    ];
  const body = JSON.stringify({ object: "whatsapp_business_account", entry: [] });
  const digest = createHmac("sha256", config.appSecret).update(body).digest("hex");
  const headers = { "content-type": "application/json", "x-hub-signature-256": `sha256=${digest}` };
  const answer = await callWebhook({ headers, body });
  if (answer === null) return [];
  if (answer.status === 200)
    return [okFinding("appSecret", "The running service accepts requests that are signed with this secret.")];
  return [
    errorFinding(
      "appSecret",
      `The running service answers ${answer.status} to a request that is signed with this secret. It runs with another secret, or another service answers there.`,
      "restart the service with this configuration",
    ),
  ];
}
