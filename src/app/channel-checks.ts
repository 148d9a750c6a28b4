import { checkChannel, checkDesk } from "../channels/check-channel.ts";
import type { ChannelCheckDeps } from "../http/api/channels/channel-check.ts";
import type { createWorkspaces } from "../workspaces/workspaces.ts";

/** Checks of running channels and of their desks. `simulated` are the channels that the simulator serves. */
export function channelChecks(
  workspaces: Pick<ReturnType<typeof createWorkspaces>, "desks" | "deskPlace">,
  publicUrl: { url: string; isPublic: boolean },
  simulated: readonly string[],
): ChannelCheckDeps["check"] {
  const isSimulated = (name: string) => simulated.includes(name);
  return {
    channel({ ref: { name }, config, definition }) {
      const checked = { name, config, definition, publicUrl, isSimulated: isSimulated(name) };
      return checkChannel({ ...checked, serviceAnswers: true });
    },
    desks: ({ ref }) =>
      workspaces.desks(ref.workspaceId).flatMap((name) => {
        const place = workspaces.deskPlace(ref.id, name);
        return place?.channelId === ref.id ? [{ name, conversation: place.conversation }] : [];
      }),
    desk: ({ ref: { name }, config, definition }, conversation) =>
      checkDesk({ config, definition, isSimulated: isSimulated(name) }, conversation),
  };
}
