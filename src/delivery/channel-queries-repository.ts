import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import type { Channel } from "../storage/generated/client.ts";
import { behind, newestFirst, placeOf } from "../storage/newest-first.ts";
import type { PrismaModels } from "../storage/prisma.ts";

/** A channel as operators see it. */
export type ChannelView = Omit<Channel, "workspaceId">;

/** Channels as rows: the configured data, and the last activity of each. */
export function createChannelQueries(prisma: PrismaModels) {
  return {
    async list(workspaceId: string, page: PageRequest): Promise<Slice<ChannelView>> {
      const where = { workspaceId, ...behind(page.after) };
      const [found, total] = await Promise.all([
        prisma.channel.findMany({ where, ...newestFirst(page), omit: { workspaceId: true } }),
        prisma.channel.count({ where: { workspaceId } }),
      ]);
      return toSlice(found.map(withoutOldPause), page.limit, total, placeOf);
    },
  };
}

function withoutOldPause(channel: ChannelView): ChannelView {
  const isPaused = channel.pausedUntil !== null && channel.pausedUntil > new Date();
  return isPaused ? channel : { ...channel, pausedUntil: null };
}
