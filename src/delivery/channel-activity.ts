import type { Logger } from "../core/process/logger.ts";
import type { ChannelActivity } from "./channel-activity-repository.ts";

/** Records the last activity of each channel. It is told every event and writes to the database at intervals. */
export interface ChannelActivityLog {
  inbound(channelId: string): void;
  /** A send was accepted, so the channel has no problem any more. */
  outbound(channelId: string): void;
  /** An error occurred; it is shown as the newest error. */
  error(channelId: string, error: string): void;
  /** The platform refuses everything: the channel stays marked as in trouble until a send is accepted. */
  trouble(channelId: string, error: string): void;
  /** Writes the remaining activity and stops. */
  stop(): Promise<void>;
}

/** Interval of writes, milliseconds. It is also the precision of the times in `GET /channels`. */
const WRITE_EVERY_MS = 2_000;

export function createChannelActivityLog(deps: {
  record(activities: readonly ChannelActivity[]): Promise<void>;
  now: () => Date;
  log: Logger;
}): ChannelActivityLog {
  const fresh = new Map<string, ChannelActivity>();

  function note(channelId: string, change: Partial<ChannelActivity>): void {
    const empty = {
      channelId,
      inboundAt: null,
      outboundAt: null,
      error: null,
      errorAt: null,
      inTrouble: null,
    };
    fresh.set(channelId, { ...(fresh.get(channelId) ?? empty), ...change });
  }

  async function write(): Promise<void> {
    if (fresh.size === 0) return;
    const activities = [...fresh.values()];
    fresh.clear();
    await deps.record(activities).catch((error: unknown) => {
      // The times are only for display, and the next event writes a newer time anyway.
      deps.log.warn({ err: error }, "could not store the last activity of channels");
    });
  }

  const timer = setInterval(() => void write(), WRITE_EVERY_MS);
  timer.unref();
  return {
    inbound: (channelId) => note(channelId, { inboundAt: deps.now() }),
    outbound: (channelId) => note(channelId, { outboundAt: deps.now(), inTrouble: false }),
    error: (channelId, error) => note(channelId, { error, errorAt: deps.now() }),
    trouble: (channelId, error) => note(channelId, { error, errorAt: deps.now(), inTrouble: true }),
    async stop() {
      clearInterval(timer);
      await write();
    },
  };
}
