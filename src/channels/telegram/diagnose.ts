import type { UserFromGetMe, WebhookInfo } from "grammy/types";
import { errorFinding, type Finding, okFinding, warningFinding } from "../../core/faults/finding.ts";
import { canCallUs } from "../../core/network/loopback.ts";
import type { DiagnoseOptions } from "../channel-definition.ts";
import { webhookUrlOf } from "../kit/webhook-url.ts";
import { createBotApi } from "./bot-api.ts";
import type { TelegramConfig } from "./config.ts";
import { describeFault, readFault, type TelegramFault, withoutToken } from "./errors.ts";
import { ALLOWED_UPDATES } from "./inbound.ts";
import { isOn } from "./webhook.ts";

/** An older error has most likely been fixed since. */
const RECENT_SECONDS = 60 * 60;
const MANY_PENDING = 100;

/** Asks the Bot API for our name and for the webhook (Bot API, getMe and getWebhookInfo). */
export async function diagnose(options: DiagnoseOptions<TelegramConfig>): Promise<Finding[]> {
  const { config } = options;
  const api = createBotApi(config);
  const wordsOf = (error: unknown) => readFault(error, config.token);
  try {
    const me = await api.calls.getMe().catch(wordsOf);
    if ("kind" in me) return [notReached(me)];
    const webhook = await api.calls.getWebhookInfo().catch(wordsOf);
    const byMode = "kind" in webhook ? [notTold(webhook)] : await modeFindings(webhook, options);
    return [...identityFindings(me, config), ...byMode, ...(await options.checkClock(config.apiRoot))];
  } finally {
    await api.close();
  }
}

function notReached(fault: TelegramFault): Finding {
  return fault.kind === "refused"
    ? errorFinding("token", `${describeFault(fault)}.`, "copy the token again from @BotFather")
    : errorFinding("apiRoot", `${describeFault(fault)}.`, "check the network, `apiRoot` and proxies");
}

function notTold(fault: TelegramFault): Finding {
  const said = fault.kind === "refused" ? `HTTP ${fault.status}` : fault.kind;
  return warningFinding(
    "",
    `Telegram does not show the address to which it posts updates (${said}).`,
    "try again; some servers that replace Telegram have no getWebhookInfo",
  );
}

function identityFindings(me: UserFromGetMe, { username }: TelegramConfig): Finding[] {
  const findings = [okFinding("token", `The token is that of @${me.username}.`)];
  const wanted = username?.replace(/^@/, "");
  if (wanted !== undefined && wanted.toLowerCase() !== me.username?.toLowerCase())
    findings.push(
      errorFinding(
        "username",
        `The bot is called @${me.username}, not @${wanted}: in groups nobody can mention it.`,
        "write its name, or leave `username` out",
      ),
    );
  if (me.can_join_groups !== false && me.can_read_all_group_messages !== true)
    findings.push(
      warningFinding(
        "",
        "Privacy mode is on: in groups Telegram shows the bot commands and replies, but not every mention.",
        "for groups: /setprivacy in @BotFather, then add the bot again, or make it an admin",
      ),
    );
  return findings;
}

function pollingFindings(
  { url }: WebhookInfo,
  { config, publicUrl }: DiagnoseOptions<TelegramConfig>,
): Finding[] {
  if (!url) return [okFinding("mode", "No webhook is set, so it can be polled.")];
  const shown = withoutToken(url, config.token);
  if (!config.takeOver && !isOn(new URL(publicUrl.url).host, url))
    return [
      errorFinding(
        "mode",
        `A webhook of another host is set (${shown}): the service does not poll.`,
        'give this channel a bot of its own, or write "takeOver": true to take this one from there',
      ),
    ];
  return [
    warningFinding(
      "mode",
      `A webhook is set (${shown}): the start of the service removes it.`,
      "nothing, unless another service uses this bot; then give this one a bot of its own",
    ),
  ];
}

async function modeFindings(info: WebhookInfo, options: DiagnoseOptions<TelegramConfig>): Promise<Finding[]> {
  const { config, publicUrl } = options;
  if (config.mode === "polling") return pollingFindings(info, options);
  if (!canCallUs(publicUrl, config.apiRoot))
    return [
      errorFinding(
        "mode",
        "Telegram posts to a public https address, and CAUSEWAY_PUBLIC_URL names none.",
        'set CAUSEWAY_PUBLIC_URL, or write "mode": "polling"',
      ),
    ];
  const wanted = webhookUrlOf(options);
  return [...registeredFindings(info, wanted), ...trafficFindings(info), ...(await secretFindings(options))];
}

function registeredFindings({ url, allowed_updates: allowed }: WebhookInfo, wanted: string): Finding[] {
  if (url !== wanted)
    return [
      errorFinding(
        "",
        url
          ? `Telegram posts to ${url}, not to ${wanted}.`
          : `Telegram has no webhook; it should be ${wanted}.`,
        "start the service: it registers the webhook; where another one uses this bot, give each a bot of its own",
      ),
    ];
  const missing = ALLOWED_UPDATES.filter((kind) => !(allowed ?? []).some((given) => given === kind));
  if (missing.length === 0 || allowed === undefined) return [okFinding("", `Telegram posts to ${url}.`)];
  return [
    errorFinding(
      "",
      `Telegram does not post ${missing.join(", ")}: the webhook was registered by something else.`,
      "restart the service: it registers the webhook anew",
    ),
  ];
}

function trafficFindings(info: WebhookInfo): Finding[] {
  const findings: Finding[] = [];
  const { last_error_date: failedAt = 0, last_error_message: words, pending_update_count: pending } = info;
  const ago = Math.round(Date.now() / 1000 - failedAt);
  if (ago < RECENT_SECONDS)
    findings.push(
      errorFinding(
        "",
        `Telegram could not post to us ${ago} s ago: ${words ?? "it does not say why"}.`,
        "make the public URL reachable from the internet, with a certificate that browsers accept",
      ),
    );
  if (pending > MANY_PENDING)
    findings.push(
      warningFinding(
        "",
        `${pending} updates wait at Telegram.`,
        "they arrive automatically once the webhook works; if their number grows, read the service's log",
      ),
    );
  return findings;
}

/**
 * Sends a body that is no update, with the configured secret. The running service must accept the secret before it
 * refuses the body.
 */
async function secretFindings({ config, callWebhook }: DiagnoseOptions<TelegramConfig>): Promise<Finding[]> {
  const headers = {
    "content-type": "application/json",
    "x-telegram-bot-api-secret-token": config.secretToken ?? "",
  };
  const answer = await callWebhook({ headers, body: "{}" });
  if (answer === null) return [];
  if (answer.status === 400) return [okFinding("secretToken", "The running service has this secret.")];
  return [
    errorFinding(
      "secretToken",
      `The running service answers ${answer.status} to a request with this secret: it runs with another one, or another service answers there.`,
      "restart the service with this configuration",
    ),
  ];
}
