import type { Api } from "grammy";
import type { WebhookInfo } from "grammy/types";
import type { Troubles } from "../../core/faults/troubles.ts";
import type { Logger } from "../../core/process/logger.ts";
import { wait } from "../../core/time/wait.ts";
import { describeFault, readFault, withoutToken } from "./errors.ts";
import { ALLOWED_UPDATES } from "./inbound.ts";
import { TransportError } from "./transport.ts";

type GrammySignal = Parameters<Api["getMe"]>[0];

/** Interval of checks of the webhook's URL, milliseconds. */
const LOOK_EVERY_MS = 60_000;

export interface WebhookDeps {
  api: Api;
  /** Used only to remove it from reports, because some people put it into the URL of their webhook. */
  token: string;
  /** The URL to which Telegram should post updates. */
  url: string;
  secretToken: string;
  everyMs?: number;
  log: Logger;
}

/**
 * Keeps the webhook set to our URL. A bot has only one webhook. Any other program that starts with its token removes it
 * silently, even a developer who polls. Telegram notifies nobody.
 */
export function createWebhook({ api, token, url, secretToken, everyMs = LOOK_EVERY_MS, log }: WebhookDeps) {
  async function set(signal: AbortSignal): Promise<void> {
    const options = { secret_token: secretToken, allowed_updates: [...ALLOWED_UPDATES] };
    await api.setWebhook(url, options, signal as GrammySignal);
  }

  /** Registers the webhook, and logs the former URL. */
  async function register(signal: AbortSignal): Promise<void> {
    const info = await webhookOf(api, token, signal);
    await set(signal);
    if (info?.url && info.url !== url)
      log.warn(
        { url, before: withoutToken(info.url, token) },
        "telegram webhook taken over from another address",
      );
    log.info({ url }, "telegram connected: it posts updates here");
  }

  /** The problem with the webhook; null: none. If another service replaced the webhook, it is set again. */
  async function look(since: number, signal: AbortSignal): Promise<string | null> {
    const info = await webhookOf(api, token, signal);
    if (info === null) return null;
    const lost = lostBecause(info);
    if (lost === null) return refusedBecause(info, since);
    await set(signal);
    const words = `${lost}; it was registered again`;
    log.warn({ reason: words }, "telegram webhook lost");
    return words;
  }

  function lostBecause({ url: current, allowed_updates: allowed }: WebhookInfo): string | null {
    if (!current)
      return "the webhook was removed: somebody polls with this bot's token, or removed it by hand";
    if (current !== url)
      return `Telegram posted to ${withoutToken(current, token)}: another service uses this bot; give each a bot of its own`;
    const isAsked = allowed === undefined || ALLOWED_UPDATES.every((kind) => allowed.includes(kind));
    return isAsked ? null : "the webhook was registered without some kinds of update";
  }

  /** Checks at intervals until the signal aborts. */
  async function watch(troubles: Troubles, signal: AbortSignal): Promise<void> {
    let wasWrong = false;
    for (let since = Date.now(); !signal.aborted; ) {
      await wait(everyMs, signal);
      if (signal.aborted) return;
      const words = await look(since, signal).catch((error: unknown) =>
        describeFault(readFault(error, token)),
      );
      if (signal.aborted) return;
      troubles.set("webhook", words);
      if (wasWrong && words === null) log.info({ url }, "telegram posts updates here again");
      wasWrong = words !== null;
      since = Date.now();
    }
  }

  return { register, watch };
}

/** Updates wait, and the last attempt to post one failed in the meantime. */
function refusedBecause(info: WebhookInfo, since: number): string | null {
  const { last_error_date: failedAt = 0, last_error_message: words, pending_update_count: pending } = info;
  if (pending === 0 || failedAt * 1000 < since) return null;
  return `Telegram cannot post updates to us: ${words ?? "it does not say why"}; ${pending} wait`;
}

/** Null if the server does not tell: some replacements for Telegram's server do not know this method. */
export async function webhookOf(api: Api, token: string, signal: AbortSignal): Promise<WebhookInfo | null> {
  try {
    return await api.getWebhookInfo(signal as GrammySignal);
  } catch (error) {
    if (isUnknownMethod(error, token)) return null;
    throw error;
  }
}

/** Recognises only an unknown method. A failing server or gateway may know the method a moment later. */
function isUnknownMethod(error: unknown, token: string): boolean {
  if (error instanceof TransportError && error.code === "not_bot_api")
    return error.status === 404 || error.status === 500;
  const fault = readFault(error, token);
  return fault.kind === "refused" && fault.status === 404;
}

/** Returns true if a URL is on a host. */
export function isOn(host: string, url: string): boolean {
  return URL.canParse(url) && new URL(url).host === host;
}
