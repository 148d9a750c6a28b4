import type { Keyset, PageRequest } from "../core/page.ts";

/** Prisma's arguments for a page of a list, newest first. One row more than the limit shows that more rows follow. */
export function newestFirst({ limit, offset }: PageRequest) {
  return {
    orderBy: [{ createdAt: "desc" as const }, { id: "desc" as const }],
    skip: offset,
    take: limit + 1,
  };
}

/** Prisma's condition for the rows after a position. The first part bounds the index scan; the second is exact. */
export function behind(after: Keyset | null) {
  if (after === null) return {};
  return { createdAt: { lte: after.at }, OR: [{ createdAt: { lt: after.at } }, { id: { lt: after.id } }] };
}

/** The position of a row in such a list. */
export const placeOf = ({ createdAt, id }: { createdAt: Date; id: string }): Keyset => ({
  at: createdAt,
  id,
});
