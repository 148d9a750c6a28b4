import type { ReplyLimits } from "../core/reply-parts.ts";
import type { ChannelRef } from "../core/runtime.ts";
import type { Channel, ChannelDefinition } from "./channel.ts";

/** A channel that runs in this process. */
export interface RunningChannel {
  ref: ChannelRef & ReplyLimits;
  channel: Channel;
  definition: ChannelDefinition;
  config: unknown;
  /** Its trouble, shown in `/readyz`; null while all is well. */
  error: string | null;
}

/** The channels of this process, by name and by id. */
export interface ChannelDirectory {
  add(running: RunningChannel): void;
  byName(name: string): RunningChannel | null;
  byId(id: string): RunningChannel | null;
  all(): RunningChannel[];
}

export function createChannelDirectory(): ChannelDirectory {
  const byName = new Map<string, RunningChannel>();
  const byId = new Map<string, RunningChannel>();
  return {
    add(running) {
      byName.set(running.ref.name, running);
      byId.set(running.ref.id, running);
    },
    byName: (name) => byName.get(name) ?? null,
    byId: (id) => byId.get(id) ?? null,
    all: () => [...byName.values()],
  };
}
