import type { Logger } from "../core/logger.ts";
import type { ChannelActivity } from "./channel-queries-repository.ts";

/** When something last happened on each channel. Told of every event, written down once in a while. */
export interface ChannelActivityLog {
  inbound(channelId: string): void;
  outbound(channelId: string): void;
  error(channelId: string, error: string): void;
  /** Writes what is not written yet, and stops. */
  stop(): Promise<void>;
}

/** How exact the times are that `GET /channels` shows, milliseconds. */
const WRITE_EVERY_MS = 2_000;

export function createChannelActivityLog(deps: {
  record(activities: readonly ChannelActivity[]): Promise<void>;
  now: () => Date;
  log: Logger;
  writeEveryMs?: number;
}): ChannelActivityLog {
  const fresh = new Map<string, ChannelActivity>();

  function note(channelId: string, change: Partial<ChannelActivity>): void {
    const empty = { channelId, inboundAt: null, outboundAt: null, error: null, errorAt: null };
    fresh.set(channelId, { ...(fresh.get(channelId) ?? empty), ...change });
  }

  async function write(): Promise<void> {
    if (fresh.size === 0) return;
    const activities = [...fresh.values()];
    fresh.clear();
    await deps.record(activities).catch((error: unknown) => {
      // Only a display: the next event writes a newer time anyway.
      deps.log.warn({ err: error }, "could not write down when channels were last active");
    });
  }

  const timer = setInterval(() => void write(), deps.writeEveryMs ?? WRITE_EVERY_MS);
  timer.unref();
  return {
    inbound: (channelId) => note(channelId, { inboundAt: deps.now() }),
    outbound: (channelId) => note(channelId, { outboundAt: deps.now() }),
    error: (channelId, error) => note(channelId, { error, errorAt: deps.now() }),
    async stop() {
      clearInterval(timer);
      await write();
    },
  };
}
