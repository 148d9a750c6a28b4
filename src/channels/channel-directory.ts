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
  /** The one a URL of ours names. Of several of kind `api`, which no URL needs, the first. */
  inUrl(name: string): RunningChannel | null;
  named(workspaceId: string, name: string): RunningChannel | null;
  byId(id: string): RunningChannel | null;
  all(): RunningChannel[];
}

export function createChannelDirectory(): ChannelDirectory {
  const byId = new Map<string, RunningChannel>();
  const byUrl = new Map<string, RunningChannel>();
  return {
    add(running) {
      byId.set(running.ref.id, running);
      if (running.ref.kind !== "api" || !byUrl.has(running.ref.name)) byUrl.set(running.ref.name, running);
    },
    inUrl: (name) => byUrl.get(name) ?? null,
    named: (workspaceId, name) =>
      [...byId.values()].find(({ ref }) => ref.workspaceId === workspaceId && ref.name === name) ?? null,
    byId: (id) => byId.get(id) ?? null,
    all: () => [...byId.values()],
  };
}
