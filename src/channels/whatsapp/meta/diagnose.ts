import { createHmac } from "node:crypto";
import { broken, doubtful, type Finding, well } from "../../../core/finding.ts";
import type { DiagnoseOptions } from "../../channel.ts";
import { createApiClient } from "../api-client.ts";
import { describeFault } from "../errors.ts";
import { asObject, type JsonBody, readJson } from "../json-body.ts";
import { metaWords } from "./codes.ts";
import type { MetaConfig } from "./config.ts";
import { createGraphApi } from "./graph-api.ts";

const SCOPE = "whatsapp_business_messaging";
const SOON_MS = 14 * 24 * 60 * 60_000;

/** Asks the Graph API about number, token and subscription, and the running service about the signature. */
export async function diagnoseMeta(options: DiagnoseOptions<MetaConfig>): Promise<Finding[]> {
  const { config, signal } = options;
  const client = createApiClient();
  const headers = { authorization: `Bearer ${config.accessToken}` };
  const base = config.apiBaseUrl.replace(/\/$/, "");

  /** What is at a path; null where it is not told. */
  async function look(path: string): Promise<JsonBody | null> {
    const call = { method: "GET" as const, url: new URL(`${base}/${path}`), headers, body: null };
    const answer = await client.call(call, signal);
    return !("kind" in answer) && answer.status === 200 ? readJson(answer.body) : null;
  }

  try {
    const fault = await createGraphApi(config, client).check(signal);
    if (fault !== null) {
      const what = `${describeFault(fault, metaWords)}.`;
      return fault.kind === "refused"
        ? [broken("accessToken", what, "compare token and phone number id with WhatsApp, API Setup")]
        : [broken("apiBaseUrl", what, "check the network, `apiBaseUrl` and proxies")];
    }
    const number = await look(`${config.phoneNumberId}?fields=display_phone_number,webhook_configuration`);
    const token = asObject(
      (await look(`debug_token?input_token=${encodeURIComponent(config.accessToken)}`))?.["data"],
    );
    const account = accountOf(token);
    const subscribed = account === null ? null : (await look(`${account}/subscribed_apps`))?.["data"];
    return [
      well(
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
      doubtful(
        "accessToken",
        "Meta does not tell what the token may do.",
        `see in the Access Token Debugger that it has ${SCOPE} and does not expire`,
      ),
    ];
  if (!scopes.includes(SCOPE))
    return [
      broken(
        "accessToken",
        `The token lacks ${SCOPE}.`,
        "generate one of a system user with that permission",
      ),
    ];
  const expiresAt = Number(token["expires_at"] ?? 0) * 1000;
  if (expiresAt > 0 && expiresAt - Date.now() < SOON_MS)
    return [
      doubtful(
        "accessToken",
        `The token ends at ${new Date(expiresAt).toISOString()}.`,
        "use that of a system user, which does not expire",
      ),
    ];
  return [well("accessToken", `The token has ${SCOPE}.`)];
}

/** The WhatsApp business account the token is good for. */
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
    return doubtful(
      "",
      "Meta does not tell whether the app is subscribed to the business account.",
      "see in the Meta app, WhatsApp, Configuration, that the field `messages` is subscribed",
    );
  return subscribed.length > 0
    ? well("", "An app is subscribed to the business account.")
    : broken(
        "",
        "No app is subscribed to the business account: nothing is posted.",
        "POST /<account id>/subscribed_apps",
      );
}

function webhookFindings(
  configured: JsonBody | null,
  { name, publicUrl }: DiagnoseOptions<MetaConfig>,
): Finding[] {
  const wanted = `${publicUrl.url}/webhooks/${encodeURIComponent(name)}`;
  // The more particular one counts (Meta, "Webhook overrides").
  const url =
    configured?.["phone_number"] ?? configured?.["whatsapp_business_account"] ?? configured?.["application"];
  const fix = `enter ${wanted} in the Meta app under WhatsApp, Configuration, with \`verifyToken\` beside it`;
  if (typeof url !== "string")
    return [doubtful("", "Meta does not tell where it posts.", `see that it is so: ${fix}`)];
  return url === wanted
    ? [well("", `Meta posts to ${wanted}.`)]
    : [broken("", `Meta posts to ${url}, not to ${wanted}.`, fix)];
}

/** An event without entries, signed as Meta does: the running service must get past the signature. */
async function signatureFindings({
  config,
  publicUrl,
  callWebhook,
}: DiagnoseOptions<MetaConfig>): Promise<Finding[]> {
  if (!publicUrl.isPublic)
    return [
      broken(
        "",
        "Meta posts to a public https address, and CAUSEWAY_PUBLIC_URL names none.",
        "set CAUSEWAY_PUBLIC_URL to where this service can be reached",
      ),
    ];
  const body = JSON.stringify({ object: "whatsapp_business_account", entry: [] });
  const digest = createHmac("sha256", config.appSecret).update(body).digest("hex");
  const headers = { "content-type": "application/json", "x-hub-signature-256": `sha256=${digest}` };
  const answer = await callWebhook({ headers, body });
  if (answer === null) return [];
  if (answer.status === 200)
    return [well("appSecret", "The running service takes what is signed with this secret.")];
  return [
    broken(
      "appSecret",
      `The running service answers ${answer.status} to what is signed with this secret: it runs with another one, or another service answers there.`,
      "restart the service with this configuration",
    ),
  ];
}
