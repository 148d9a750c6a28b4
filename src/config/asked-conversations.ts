import type { ChannelConfig } from "./load-channel.ts";
import type { WorkspaceConfig } from "./load-workspace.ts";

/** Conversations of a channel in which people answer or let others in. */
export function askedConversations(workspaces: readonly WorkspaceConfig[], channel: ChannelConfig): string[] {
  return workspaces
    .filter(({ channels }) => channels[channel.name] === channel)
    .flatMap(({ channels, desks }) => [
      ...Object.values(desks),
      ...Object.values(channels).flatMap(({ access }) =>
        (access?.approvers ?? []).filter((approver) => typeof approver !== "string"),
      ),
    ])
    .filter((place) => place.channel === channel.name)
    .map(({ conversation }) => conversation);
}
