import type { WebClient } from "@slack/web-api";
import type { Logger } from "../../core/process/logger.ts";
import { parseAddress } from "./address.ts";
import { describeFault, isFinal, readFault } from "./errors.ts";

const STATUS = "is thinking…";

export interface StatusDeps {
  /** A client for an installation; null if the app is not installed. */
  clientOf(team: string | null): Promise<WebClient | null>;
  /** True while the conversation shows the unfinished answer. */
  isShowing(address: string): boolean;
  log: Logger;
}

/** Calls that show the status of a conversation and have no answer yet. */
interface Pending {
  calls: number;
  /** The turn has ended, so the status must be removed once it is there. */
  ended: boolean;
}

/**
 * The status below a thread. Slack removes it only when the app posts there. So it is removed here if nothing is
 * posted, or if a call that shows it arrives after the post.
 */
export function createStatus({ clientOf, isShowing, log }: StatusDeps) {
  const refused = new Set<string | null>();
  const pending = new Map<string, Pending>();

  async function set(address: string, status: string, signal?: AbortSignal): Promise<void> {
    const place = parseAddress(address);
    if (place?.threadTs == null || refused.has(place.team)) return;
    try {
      const client = await clientOf(place.team);
      if (client === null) return;
      const thread = { channel_id: place.channel, thread_ts: place.threadTs };
      await client.assistant.threads.setStatus({ ...thread, status });
    } catch (error) {
      const fault = readFault(error);
      if (isFinal(fault)) refused.add(place.team);
      if (!signal?.aborted) log.debug({ address, reason: describeFault(fault) }, "status not shown");
    }
  }

  return {
    async show(address: string, signal: AbortSignal): Promise<void> {
      if (signal.aborted || isShowing(address)) return;
      const known = pending.get(address) ?? { calls: 0, ended: false };
      pending.set(address, known);
      known.calls += 1;
      known.ended = false;
      await set(address, STATUS, signal);
      known.calls -= 1;
      if (known.calls > 0) return;
      pending.delete(address);
      if (known.ended || isShowing(address)) await set(address, "");
    },

    /** The app posted in the conversation. A status that arrives later must be removed. */
    posted(address: string): void {
      const known = pending.get(address);
      if (known !== undefined) known.ended = true;
    },

    /** The turn ended without a post. */
    async clear(address: string, signal: AbortSignal): Promise<void> {
      const known = pending.get(address);
      if (known !== undefined) known.ended = true;
      else await set(address, "", signal);
    },
  };
}
