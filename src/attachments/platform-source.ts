import type { AttachmentSource } from "../channels/channel.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { ClaimedAttachment } from "./attachment-repository.ts";

/** Finds the place of a file: the address that a bot gave for it, or its platform. */
export async function sourceOf(
  channels: Pick<ChannelDirectory, "byId">,
  { channelId, platformId, sourceUrl }: Pick<ClaimedAttachment, "channelId" | "platformId" | "sourceUrl">,
  signal: AbortSignal,
): Promise<AttachmentSource> {
  if (sourceUrl !== null) return { kind: "found", url: sourceUrl };
  const channel = channels.byId(channelId)?.channel;
  if (!channel) return { kind: "failed", reason: "the channel is disabled", retry: true };
  if (!channel.fetchAttachment || platformId === null) {
    return { kind: "failed", reason: "this channel has no files", retry: false };
  }
  return channel.fetchAttachment(platformId, signal);
}
