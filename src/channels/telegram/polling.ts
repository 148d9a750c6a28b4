import { setTimeout as sleep } from "node:timers/promises";
import type { Api } from "grammy";
import type { Update } from "grammy/types";
import type { Troubles } from "../../core/faults/troubles.ts";
import type { Logger } from "../../core/process/logger.ts";
import { createBackoff } from "../../core/time/backoff.ts";
import { type BotApi, POLL_SECONDS } from "./bot-api.ts";
import { describeFault, readFault, withoutToken } from "./errors.ts";
import { ALLOWED_UPDATES } from "./inbound.ts";
import { parseUpdate, type TelegramUpdate } from "./update.ts";
import { webhookOf } from "./webhook.ts";

type GrammySignal = Parameters<Api["getMe"]>[0];

export interface PollingDeps {
  api: Pick<BotApi, "calls" | "polls">;
  token: string;
  /** Stores the events of updates durably, in order. */
  store(updates: readonly TelegramUpdate[]): Promise<void>;
  /** True if polling may remove this webhook of the bot. */
  mayRemove(webhookUrl: string): boolean;
  troubles: Troubles;
  log: Logger;
}

/**
 * Asks Telegram for updates until the signal aborts. The offset moves only after the updates before it are stored.
 * Telegram sends an update again if it was not stored, and its event key identifies a repetition.
 */
export async function poll(deps: PollingDeps, signal: AbortSignal): Promise<void> {
  const { api, troubles, log } = deps;
  const backoff = createBackoff(60_000, signal);
  let webhookRemoved = false;
  let offset = 0;
  let connected = false;
  // After an error the first poll returns at once, so that the recovery is visible at once.
  let troubled = false;

  while (!signal.aborted) {
    try {
      if (!webhookRemoved) await removeWebhook(deps, signal);
      webhookRemoved = true;
      const updates = await api.polls.getUpdates(
        { offset, limit: 100, timeout: troubled ? 0 : POLL_SECONDS, allowed_updates: [...ALLOWED_UPDATES] },
        signal as GrammySignal,
      );
      troubles.set("getUpdates", null);
      if (!connected) log.info({}, "telegram connected: asking for updates");
      else if (troubled) log.info({}, "telegram polling works again");
      connected = true;
      troubled = false;
      offset = await store(updates, offset);
      troubles.set("storing", null);
      backoff.reset();
      // Telegram holds an empty poll open. A server that does not must not be asked without a pause.
      if (updates.length === 0) await sleep(100, undefined, { signal });
    } catch (error) {
      if (signal.aborted) return;
      troubled = true;
      if (error instanceof StoreError) {
        const words = "received messages could not be stored; asking again";
        log.warn({ reason: words, err: error }, "telegram polling interrupted");
        troubles.set("storing", words);
        await backoff.wait();
        continue;
      }
      const { words, isConflict, waitMs } = troubleOf(error, deps.token);
      // Somebody may have set the webhook again since.
      if (isConflict) webhookRemoved = false;
      log.warn({ reason: words }, "telegram polling interrupted");
      troubles.set("getUpdates", words);
      await backoff.wait(waitMs);
    }
  }

  /** Stores the updates in order and returns the offset that confirms them. */
  async function store(updates: readonly Update[], from: number): Promise<number> {
    const read = updates.map((update) => parseUpdate(update)).filter((update) => update !== null);
    try {
      await deps.store(read);
    } catch (error) {
      throw new StoreError(error);
    }
    // The last id, not the highest: after a week without updates Telegram may start again at a lower number.
    const last = read.at(-1);
    return last === undefined ? from : last.updateId + 1;
  }
}

function troubleOf(error: unknown, token: string): { words: string; isConflict: boolean; waitMs: number } {
  if (error instanceof TakenError) return { words: error.message, isConflict: true, waitMs: 0 };
  const fault = readFault(error, token);
  const refused = fault.kind === "refused" ? fault : null;
  const waitMs = refused?.retryAfterMs ?? 0;
  return { words: describeFault(fault), isConflict: refused?.status === 409, waitMs };
}

/**
 * Removes the webhook, because with one every poll is a conflict. A webhook of another host is most likely that of the
 * live service. A developer who tests with its token must not stop it by accident. Pending updates are kept.
 */
async function removeWebhook(
  { api: { calls }, token, mayRemove, log }: PollingDeps,
  signal: AbortSignal,
): Promise<void> {
  const url = (await webhookOf(calls, token, signal))?.url;
  if (url) {
    const shown = withoutToken(url, token);
    if (!mayRemove(url)) throw new TakenError(shown);
    log.warn(
      { url: shown },
      "telegram webhook removed: updates are polled, and nothing is posted there any more",
    );
  }
  await calls.deleteWebhook({ drop_pending_updates: false }, signal as GrammySignal);
}

/** Another service uses the bot. */
class TakenError extends Error {
  constructor(url: string) {
    super(
      `Telegram posts this bot's updates to ${url}, which polling would end: give this channel a bot of its own, ` +
        'or write "takeOver": true to take this one from there',
    );
    this.name = "TakenError";
  }
}

/** Separates our own errors from errors of Telegram. */
class StoreError extends Error {
  constructor(cause: unknown) {
    super("updates could not be stored", { cause });
    this.name = "StoreError";
  }
}
