import type { ReplyLimits } from "../core/message/reply-parts.ts";
import type { ChannelRef } from "../core/session/runtime.ts";
import type { Channel } from "./channel.ts";
import type { ChannelDefinition } from "./channel-definition.ts";

/** A channel that this process runs. */
export interface RunningChannel {
  ref: ChannelRef & ReplyLimits;
  channel: Channel;
  definition: ChannelDefinition;
  config: unknown;
  /** The current problem, shown in `/readyz`; null if there is none. */
  error: string | null;
}

/** The channels of this process, by name and by id. */
export interface ChannelDirectory {
  add(running: RunningChannel): void;
  /**
   * Finds the channel of one of our URLs. Several channels of kind `api` may share a name, since no URL needs it. Then
   * it returns the first.
   */
  inUrl(name: string): RunningChannel | null;
  named(workspaceId: string, name: string): RunningChannel | null;
  byId(id: string): RunningChannel | null;
  all(): RunningChannel[];
  /** All identifiers that a text (`+49 170 1234567`, `ada`) may mean on the channels of a workspace. */
  identifiersOf(workspaceId: string, written: string): string[];
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
    identifiersOf(workspaceId, written) {
      // A `+` that a caller did not encode arrives as a space.
      const meant = /^ \d/.test(written) ? `+${written.slice(1)}` : written.trim();
      const here = [...byId.values()].filter(({ ref }) => ref.workspaceId === workspaceId);
      const forms = new Set([meant, withoutSpacing(meant)]);
      return [
        ...new Set([...forms].flatMap((form) => [form, ...here.flatMap(({ ref }) => namesOn(ref, form))])),
      ];
    },
  };
}

/** The identifiers that a text may mean on one channel. A number may have another form there. */
function namesOn({ identifierOf, otherNamesOf }: ChannelRef, written: string): string[] {
  const identifier = identifierOf?.(written) ?? written;
  return [identifier, ...(otherNamesOf?.(identifier) ?? [])];
}

/** Removes the spaces, brackets and dashes that people use to group the digits of a phone number. */
function withoutSpacing(written: string): string {
  return /^\+?[\d\s().-]{6,}$/.test(written) ? written.replace(/[\s().-]/g, "") : written;
}
