import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { Logger } from "../core/logger.ts";
import { whileLeader } from "../storage/leader.ts";
import type { Engine } from "./engine.ts";
import type { Pipeline } from "./pipeline.ts";

export interface RunningChannelsDeps {
  engine: Pick<Engine, "database">;
  channels: ChannelDirectory;
  pipeline: Pick<Pipeline, "ingest">;
  /** Aborts when the service stops. */
  stopping: AbortSignal;
  log: Logger;
}

/** Starts and stops the channels of this process, with what each may use of the rest of the service. */
export function createRunningChannels({ engine, channels, pipeline, stopping, log }: RunningChannelsDeps) {
  const led = new Set<Promise<void>>();
  return {
    async start(): Promise<void> {
      for (const running of channels.all()) {
        await running.channel.start?.({
          accept: (events) => pipeline.ingest.acceptEvents(running.ref, events),
          reportError: (error) => {
            running.error = error;
          },
          whileLeader(name, task) {
            led.add(whileLeader(engine.database.pool, name, task, { stop: stopping, log }));
          },
        });
      }
    },
    /** Resolves when nothing runs any more that one process alone does. */
    async ended(): Promise<void> {
      await Promise.all(led);
    },
    async stop(): Promise<void> {
      await Promise.all(channels.all().map(({ channel }) => channel.stop?.()));
    },
  };
}
