import { isId } from "../core/ids.ts";
import type { ChannelRef } from "../core/session/runtime.ts";
import type { UserAliases } from "./alias-repository.ts";
import type { UserView } from "./user-repository.ts";

/**
 * The identifier of a user on a channel. Accepts the user's id, any of their names, and any spelling that the channel
 * kind accepts. For somebody new, it is the identifier that they will have.
 */
export type WhoIs = (channel: ChannelRef, written: string) => Promise<string>;

/** Finds users by what callers write. Without it, another spelling of a number would become a second user. */
export function createWhoIs(deps: {
  users: { get(workspaceId: string, id: string): Promise<UserView | null> };
  aliases: Pick<UserAliases, "findIdentifier">;
}): WhoIs {
  const { users, aliases } = deps;
  return async (channel, written) => {
    const user = isId(written) ? await users.get(channel.workspaceId, written) : null;
    if (user?.channel === channel.name) return user.identifier;
    const identifier = channel.identifierOf?.(written) ?? written;
    return aliases.findIdentifier(channel.id, [identifier, ...(channel.otherNamesOf?.(identifier) ?? [])]);
  };
}
