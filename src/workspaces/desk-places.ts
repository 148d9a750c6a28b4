import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { WorkspaceConfig } from "../config/load-workspace.ts";
import type { AccessSettings, ApproverPlace, ConfiguredAccess } from "../core/session/access-settings.ts";
import type { DeskPlace } from "../handoffs/handoff.ts";

type Desks = WorkspaceConfig["desks"];

export interface DeskPlaceDeps {
  channels: ChannelDirectory;
  /** The desks of a workspace in its present configuration. */
  desksOf(workspaceId: string): Desks;
}

/**
 * Finds the running channels behind desks and approvers. Each call searches again, because a channel may start later.
 */
export function createDeskPlaces({ channels, desksOf }: DeskPlaceDeps) {
  const deskOf = (workspaceId: string, name: string) => {
    const desks = desksOf(workspaceId);
    return Object.hasOwn(desks, name) ? desks[name] : undefined;
  };

  function placeOf(workspaceId: string, approver: ConfiguredAccess["approvers"][number]): ApproverPlace[] {
    const place = typeof approver === "string" ? deskOf(workspaceId, approver) : approver;
    const running = place && channels.named(workspaceId, place.channel);
    return running ? [{ channelId: running.ref.id, conversation: place.conversation }] : [];
  }

  return {
    /** The place of a desk in a channel's workspace. Null if the desk's channel does not run here or shows no desks. */
    deskPlace(channelId: string, name: string): DeskPlace | null {
      const workspaceId = channels.byId(channelId)?.ref.workspaceId ?? "";
      const desk = deskOf(workspaceId, name);
      const running = desk && channels.named(workspaceId, desk.channel);
      if (desk === undefined || !running?.channel.desk) return null;
      return { channelId: running.ref.id, conversation: desk.conversation };
    },

    /** True if a conversation of a channel is a desk. */
    isDesk(workspaceId: string, channel: string, conversation: string): boolean {
      return Object.values(desksOf(workspaceId)).some(
        (desk) => desk.channel === channel && desk.conversation === conversation,
      );
    },

    /** The rules about access to a channel, with the places of its approvers. */
    access(configured: ConfiguredAccess, workspaceId: string): AccessSettings {
      const places = () => configured.approvers.flatMap((approver) => placeOf(workspaceId, approver));
      return { ...configured, places };
    },
  };
}

export type DeskPlaces = ReturnType<typeof createDeskPlaces>;
