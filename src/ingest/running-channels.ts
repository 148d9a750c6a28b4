import type { ChannelDirectory, RunningChannel } from "../channels/channel-directory.ts";
import type { Logger } from "../core/process/logger.ts";
import type { Database } from "../storage/database.ts";
import { whileLeader } from "../storage/leader.ts";
import type { Ingest } from "./accept-inbound.ts";

export interface RunningChannelsDeps {
  database: Pick<Database, "pool">;
  channels: ChannelDirectory;
  ingest: Pick<Ingest, "acceptEvents">;
  /** Aborts when the service stops. */
  stopping: AbortSignal;
  log: Logger;
}

/** Starts and stops the channels of this process, and gives them access to the rest of the service. */
export function createRunningChannels({ database, channels, ingest, stopping, log }: RunningChannelsDeps) {
  const led = new Set<Promise<void>>();

  async function startOne(running: RunningChannel): Promise<void> {
    await running.channel.start?.({
      accept: (events) => ingest.acceptEvents(running.ref, events),
      reportError: (error) => {
        running.error = error;
      },
      whileLeader(name, task) {
        led.add(whileLeader(database.pool, name, task, { stop: stopping, log }));
      },
    });
  }

  return {
    /** Starts all at the same time, so that an unreachable platform delays no other. */
    async start(): Promise<void> {
      await Promise.all(channels.all().map(startOne));
    },
    /** Resolves when all tasks that only one process runs have ended. */
    async ended(): Promise<void> {
      await Promise.all(led);
    },
    async stop(): Promise<void> {
      await Promise.all(channels.all().map(({ channel }) => channel.stop?.()));
    },
  };
}
