import { createHmac } from "node:crypto";
import type { WebClient } from "@slack/web-api";
import { errorFinding, type Finding, okFinding, warningFinding } from "../../core/faults/finding.ts";
import type { DiagnoseOptions } from "../channel-definition.ts";
import { webhookUrlOf } from "../kit/webhook-url.ts";
import { type SlackConfig, signingSecrets } from "./config.ts";
import { describeFault, readFault } from "./errors.ts";
import { SCOPES } from "./manifest.ts";
import { createWebApi } from "./web-api.ts";

/** Asks Slack about the tokens, and the running service about the signing secret. */
export async function diagnose(options: DiagnoseOptions<SlackConfig>): Promise<Finding[]> {
  const { config } = options;
  const api = createWebApi(config.apiUrl);
  try {
    const { botToken, appToken, mode } = config;
    const bot = botToken === undefined ? [SEVERAL_WORKSPACES] : await botFindings(api.clientFor(botToken));
    const socket =
      mode === "socket" && appToken !== undefined ? await socketFindings(api.clientFor(appToken)) : [];
    const events = mode === "events" ? await eventFindings(options) : [];
    return [...bot, ...socket, ...events, ...(await options.checkClock(config.apiUrl))];
  } finally {
    await api.close();
  }
}

const SEVERAL_WORKSPACES = warningFinding(
  "oauth",
  "With several workspaces each has a token of its own, and these are in the database: not looked at.",
  "open <public URL>/webhooks/<channel>/install to see whether the app can be installed",
);

/** Without this scope, spoken replies go as text. */
const SPEAKING = "files:write";
const CANNOT_SPEAK = warningFinding(
  "botToken",
  `The app lacks the scope ${SPEAKING}: spoken replies go as text.`,
  "add it under OAuth & Permissions and install the app again, if the agent speaks",
);

/** `auth.test` names the token's owner. The header `x-oauth-scopes` lists its permissions. */
async function botFindings(client: WebClient): Promise<Finding[]> {
  try {
    const us = await client.auth.test();
    const known = okFinding("botToken", `The token is that of @${us.user} in ${us.team ?? us.team_id}.`);
    // A proxy may remove the header.
    const scopes = us.response_metadata?.scopes;
    if (scopes === undefined) return [known];
    const lacking = SCOPES.filter((scope) => !scopes.includes(scope));
    const missing = lacking.filter((scope) => scope !== SPEAKING);
    if (lacking.length === 0) return [known, okFinding("botToken", "It has every scope it needs.")];
    if (missing.length === 0) return [known, CANNOT_SPEAK];
    return [
      known,
      errorFinding(
        "botToken",
        `The app lacks the scopes ${missing.join(", ")}.`,
        "add them under OAuth & Permissions and install the app again, or use the manifest of `causeway slack manifest`",
      ),
    ];
  } catch (error) {
    return [tokenFinding("botToken", error, "copy it again from OAuth & Permissions")];
  }
}

/** Opens no socket: Slack only returns a URL at which one could be opened. */
async function socketFindings(client: WebClient): Promise<Finding[]> {
  try {
    await client.apps.connections.open();
    return [okFinding("appToken", "Slack would open a socket.")];
  } catch (error) {
    const fix =
      "turn on Socket Mode, and copy an app-level token with the scope connections:write from Basic Information";
    return [tokenFinding("appToken", error, fix)];
  }
}

function tokenFinding(key: string, error: unknown, fix: string): Finding {
  const fault = readFault(error);
  return fault.kind === "refused"
    ? errorFinding(key, `${describeFault(fault)}.`, fix)
    : errorFinding("apiUrl", `${describeFault(fault)}.`, "check the network, `apiUrl` and proxies");
}

/** Slack does not reveal the URL that it posts events to. So this sends Slack's challenge to our own URL. */
async function eventFindings(options: DiagnoseOptions<SlackConfig>): Promise<Finding[]> {
  const { config, publicUrl, callWebhook } = options;
  const requestUrl = webhookUrlOf(options);
  if (!publicUrl.isPublic)
    return [
      errorFinding(
        "mode",
        "Slack posts to a public https address, and CAUSEWAY_PUBLIC_URL names none.",
        'set CAUSEWAY_PUBLIC_URL, or write "mode": "socket"',
      ),
    ];
  const challenge = "causeway-doctor";
  const body = JSON.stringify({ type: "url_verification", token: "", challenge });
  const seconds = Math.floor(Date.now() / 1000);
  const digest = createHmac("sha256", signingSecrets(config)[0] ?? "").update(`v0:${seconds}:${body}`);
  const answer = await callWebhook({
    headers: {
      "content-type": "application/json",
      "x-slack-request-timestamp": String(seconds),
      "x-slack-signature": `v0=${digest.digest("hex")}`,
    },
    body,
  });
  if (answer === null) return [];
  if (answer.status === 200 && answer.body.includes(challenge))
    return [
      okFinding("signingSecret", "The running service answers the challenge that Slack sends."),
      warningFinding(
        "",
        "Slack does not show the address to which it posts events.",
        `check that Event Subscriptions of the app has the Request URL ${requestUrl}`,
      ),
    ];
  return [
    errorFinding(
      "signingSecret",
      `The running service answers ${answer.status} to a challenge signed with this secret: it runs with another one, or another service answers there.`,
      "restart the service with this configuration",
    ),
  ];
}
