import { setTimeout as sleep } from "node:timers/promises";
import type { Api } from "grammy";
import type { Update } from "grammy/types";
import { createBackoff } from "../../core/backoff.ts";
import type { ChannelEvent } from "../../core/channel-event.ts";
import type { Logger } from "../../core/logger.ts";
import type { Troubles } from "../../core/troubles.ts";
import { POLL_SECONDS } from "./bot-api.ts";
import { describeFault, readFault } from "./errors.ts";
import { ALLOWED_UPDATES } from "./inbound.ts";
import { parseUpdate, type TelegramUpdate } from "./update.ts";

type GrammySignal = Parameters<Api["getMe"]>[0];

export interface PollingDeps {
  calls: Api;
  polls: Api;
  token: string;
  readUpdate(update: TelegramUpdate): Promise<ChannelEvent[]>;
  /** Stores events durably; see `ChannelContext.accept`. */
  accept(events: ChannelEvent[]): Promise<void>;
  troubles: Troubles;
  log: Logger;
}

/**
 * Asks Telegram for updates until the signal aborts. The offset moves only after the updates before it are stored:
 * what was not stored is handed out again, and what is handed out again is recognised by its event key.
 */
export async function poll(deps: PollingDeps, signal: AbortSignal): Promise<void> {
  const { calls, polls, troubles, log } = deps;
  const backoff = createBackoff(60_000, signal);
  let webhookRemoved = false;
  let offset = 0;
  // After trouble the first poll does not linger, so that its end is seen when it comes.
  let troubled = false;

  while (!signal.aborted) {
    try {
      // A webhook that is set makes every poll a 409; pending updates are kept.
      if (!webhookRemoved) await calls.deleteWebhook({ drop_pending_updates: false }, signal as GrammySignal);
      webhookRemoved = true;
      const updates = await polls.getUpdates(
        { offset, limit: 100, timeout: troubled ? 0 : POLL_SECONDS, allowed_updates: [...ALLOWED_UPDATES] },
        signal as GrammySignal,
      );
      troubles.set("getUpdates", null);
      troubled = false;
      offset = await store(updates, offset);
      troubles.set("storing", null);
      backoff.reset();
      // Telegram holds an empty poll open; a server that does not must not be asked without pause.
      if (updates.length === 0) await sleep(100, undefined, { signal });
    } catch (error) {
      if (signal.aborted) return;
      troubled = true;
      const fault = error instanceof StoreError ? null : readFault(error, deps.token);
      // Somebody may have set the webhook again since.
      if (fault?.kind === "refused" && fault.status === 409) webhookRemoved = false;
      const words =
        fault === null ? "received messages could not be stored; asking again" : describeFault(fault);
      log.warn({ reason: words, ...(fault === null ? { err: error } : {}) }, "telegram polling interrupted");
      troubles.set(fault === null ? "storing" : "getUpdates", words);
      await backoff.wait(fault?.kind === "refused" ? (fault.retryAfterMs ?? 0) : 0);
    }
  }

  /** Stores what came, in order; the offset that confirms it. */
  async function store(updates: readonly Update[], from: number): Promise<number> {
    const read = updates.map((update) => parseUpdate(update)).filter((update) => update !== null);
    try {
      const events: ChannelEvent[] = [];
      for (const update of read) events.push(...(await deps.readUpdate(update)));
      if (events.length > 0) await deps.accept(events);
    } catch (error) {
      throw new StoreError(error);
    }
    // The last, not the highest: after a quiet week Telegram may begin again at a lower number.
    const last = read.at(-1);
    return last === undefined ? from : last.updateId + 1;
  }
}

/** Sets trouble of ours apart from trouble with Telegram. */
class StoreError extends Error {
  constructor(cause: unknown) {
    super("updates could not be stored", { cause });
    this.name = "StoreError";
  }
}
