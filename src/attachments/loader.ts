import type { AttachmentView } from "../core/attachment.ts";
import type { Logger } from "../core/logger.ts";
import { wait } from "../core/wait.ts";
import type { AttachmentRepository, ClaimedAttachment } from "./attachment-repository.ts";
import { LOAD_LEASE_MS } from "./load-attachment.ts";

export interface LoaderDeps {
  repository: Pick<AttachmentRepository, "claimOf" | "claimDue" | "ofMessages">;
  load(attachment: ClaimedAttachment): Promise<void>;
  log: Logger;
}

/** Files one process loads at a time: each is held in memory whole. */
const AT_ONCE = 6;
/** How often a file that another process loads is looked for, milliseconds. */
const RECHECK_MS = 200;

/** Loads files: those a turn waits for at once, the others when they are due. Rows are the truth; all may run twice. */
export function createLoader(deps: LoaderDeps) {
  const { repository, log } = deps;
  const running = new Map<string, Promise<void>>();
  const queue: (() => void)[] = [];
  let busy = 0;

  /** Waits for a free place, and holds it while `load` runs. */
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
      // Its lease runs out and it is loaded again: nothing is lost, only late.
      .catch((error: unknown) => log.error({ err: error, attachment_id: attachment.id }, "a file is stuck"))
      .finally(() => running.delete(attachment.id));
    running.set(attachment.id, work);
    return work;
  }

  return {
    /** The files of messages, loaded as far as that is possible within `timeoutMs`. */
    async settle(
      messageIds: readonly string[],
      options: { timeoutMs: number; signal: AbortSignal },
    ): Promise<Map<string, AttachmentView[]>> {
      const over = new AbortController();
      const timer = setTimeout(() => over.abort(), options.timeoutMs);
      const signal = AbortSignal.any([over.signal, options.signal]);
      try {
        for (;;) {
          const begun = (await repository.claimOf(messageIds, LOAD_LEASE_MS)).map(start);
          if (begun.length > 0) await Promise.race([Promise.all(begun), aborted(signal)]);
          const found = await repository.ofMessages(messageIds);
          const waits = [...found.values()].flat().some(({ state }) => state === "pending");
          if (!waits || signal.aborted) return found;
          await wait(RECHECK_MS, signal);
        }
      } finally {
        clearTimeout(timer);
        over.abort();
      }
    },

    /** Begins loading what is due and nobody waits for. */
    async loadDue(): Promise<void> {
      while (running.size < AT_ONCE) {
        const claimed = await repository.claimDue(AT_ONCE - running.size, LOAD_LEASE_MS);
        if (claimed.length === 0) return;
        for (const attachment of claimed) void start(attachment);
      }
    },

    /** Waits for what is being loaded. */
    async drain(): Promise<void> {
      await Promise.all(running.values());
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
