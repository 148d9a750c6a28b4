import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { Reachability } from "../core/session/reachability.ts";
import type { UserView } from "./user-repository.ts";

/** The fields of a user that a check of reachability needs. */
export type UserToCheck = Pick<UserView, "workspaceId" | "channel" | "identifier" | "unreachable">;

/**
 * Checks if a user may get unprompted messages. First it uses the platform's answer to the last send, and then the
 * platform's current rules.
 */
export function createReach(channels: ChannelDirectory): (user: UserToCheck) => Promise<Reachability> {
  return async ({ workspaceId, channel, identifier, unreachable }) => {
    if (unreachable) return { kind: "unreachable", code: unreachable.code, reason: unreachable.reason };
    const running = channels.named(workspaceId, channel);
    return (await running?.channel.canReach?.(identifier)) ?? { kind: "reachable" };
  };
}
