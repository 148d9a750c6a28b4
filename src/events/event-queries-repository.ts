import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import type { EventFiring, Prisma } from "../storage/generated/client.ts";
import type { PrismaModels } from "../storage/prisma.ts";

const INTERNAL = {
  workspaceId: true,
  firingKey: true,
  actionsDone: true,
  claimedBy: true,
} satisfies Prisma.EventFiringOmit;

/** A firing as operators see it. */
export type EventView = Omit<EventFiring, keyof typeof INTERNAL>;

export type EventQueries = ReturnType<typeof createEventQueries>;

/** The event log of a session, in order of occurrence. */
export function createEventQueries(prisma: PrismaModels) {
  return {
    async ofSession(sessionId: string, page: PageRequest): Promise<Slice<EventView>> {
      // Positions in this list are ordinals, because all firings of one transaction have the same time.
      const after = page.after && /^\d{1,18}$/.test(page.after.id) ? BigInt(page.after.id) : 0n;
      const [found, total] = await Promise.all([
        prisma.eventFiring.findMany({
          omit: INTERNAL,
          where: { sessionId, ordinal: { gt: after } },
          orderBy: { ordinal: "asc" },
          skip: page.offset,
          take: page.limit + 1,
        }),
        prisma.eventFiring.count({ where: { sessionId } }),
      ]);
      return toSlice(found, page.limit, total, ({ createdAt, ordinal }) => ({
        at: createdAt,
        id: String(ordinal),
      }));
    },
  };
}
