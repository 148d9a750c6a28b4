import { isDatabaseOutage } from "../core/faults/database-outage.ts";
import type { AttachmentView } from "../core/message/attachment.ts";
import type { Logger } from "../core/process/logger.ts";
import { wait } from "../core/time/wait.ts";
import type { OwnClaims } from "../storage/own-claims.ts";
import type { AttachmentRepository, ClaimedAttachment, WantedAttachments } from "./attachment-repository.ts";

export interface LoaderDeps {
  repository: Pick<AttachmentRepository, "ofMessages">;
  claims: OwnClaims<WantedAttachments, ClaimedAttachment>;
  load(attachment: ClaimedAttachment): Promise<void>;
  log: Logger;
}

/** Number of files that a process loads at once. Each is held in memory completely. */
const AT_ONCE = 6;
/** Interval of checks for a file that another process loads, in milliseconds. */
const RECHECK_MS = 200;

/**
 * Loads files: those that a turn needs at once, the others when they are due. The rows are the source of truth, and
 * every step may run twice.
 */
export function createLoader(deps: LoaderDeps) {
  const { repository, claims, log } = deps;
  const running = new Map<string, Promise<void>>();
  const queue: (() => void)[] = [];
  let busy = 0;

  /** Waits for a free slot, and keeps it while `load` runs. */
  async function inTurn(load: () => Promise<void>): Promise<void> {
    if (busy < AT_ONCE) busy += 1;
    else await new Promise<void>((resolve) => queue.push(resolve));
    try {
      await load();
    } finally {
      const next = queue.shift();
      if (next) next();
      else busy -= 1;
    }
  }

  function start(attachment: ClaimedAttachment): Promise<void> {
    const work = inTurn(() => deps.load(attachment))
      .then(() => claims.done(attachment.id, true))
      // No file is lost. It is loaded again at once after an outage, and after any other error when its lease expires.
      .catch((error: unknown) => {
        claims.done(attachment.id, !isDatabaseOutage(error));
        log.error(
          { err: error, attachment_id: attachment.id },
          "the result of loading a file was not recorded",
        );
      })
      .finally(() => running.delete(attachment.id));
    running.set(attachment.id, work);
    return work;
  }

  return {
    /** Returns the files of messages, and loads as many as possible within `timeoutMs`. */
    async loadAll(
      messageIds: readonly string[],
      options: { timeoutMs: number; signal: AbortSignal },
    ): Promise<Map<string, AttachmentView[]>> {
      const timedOut = new AbortController();
      const timer = setTimeout(() => timedOut.abort(), options.timeoutMs);
      const signal = AbortSignal.any([timedOut.signal, options.signal]);
      try {
        for (;;) {
          const started = (await claims.claim({ of: messageIds })).map(start);
          if (started.length > 0) await Promise.race([Promise.all(started), aborted(signal)]);
          const found = await repository.ofMessages(messageIds);
          const isPending = [...found.values()].flat().some(({ state }) => state === "pending");
          if (!isPending || signal.aborted) return found;
          await wait(RECHECK_MS, signal);
        }
      } finally {
        clearTimeout(timer);
        timedOut.abort();
      }
    },

    /** Starts to load due files that no turn waits for. */
    async loadDue(): Promise<void> {
      while (running.size < AT_ONCE) {
        const claimed = await claims.claim({ due: AT_ONCE - running.size });
        if (claimed.length === 0) return;
        for (const attachment of claimed) void start(attachment);
      }
    },

    /** Waits for running loads, and releases claims that were not started. */
    async drain(): Promise<void> {
      await Promise.all(running.values());
      await claims.releaseLost();
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
