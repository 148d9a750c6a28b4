import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { Reachability } from "../core/reachability.ts";
import type { UserView } from "../users/user-repository.ts";

/** Whom the question is about, as far as it has to be known. */
export type Reached = Pick<UserView, "workspaceId" | "channel" | "identifier" | "unreachable">;

/**
 * Whether a user can be written to unasked: what a platform said of them the last time something was sent, then what
 * the rules of the platform allow now.
 */
export function createReach(channels: ChannelDirectory): (user: Reached) => Promise<Reachability> {
  return async ({ workspaceId, channel, identifier, unreachable }) => {
    if (unreachable) return { kind: "unreachable", code: unreachable.code, reason: unreachable.reason };
    const running = channels.named(workspaceId, channel);
    return (await running?.channel.canReach?.(identifier)) ?? { kind: "reachable" };
  };
}
