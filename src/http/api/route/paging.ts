import { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import type { Keyset, PageRequest, Slice } from "../../../core/page.ts";
import { parseJson } from "../../../core/text/json.ts";
import type { RouteReply } from "./route.ts";

const PAGE_LIMIT = 100;
const DEFAULT_LIMIT = 20;
/** Postgres could count further, but nobody reads that many pages. */
const LAST_PAGE = 1_000_000;

/** A whole number in a query string. */
export function integerQuery(minimum: number, maximum: number) {
  return z
    .string()
    .regex(/^\d{1,15}$/, `expected a whole number from ${minimum} to ${maximum}`)
    .transform(Number)
    .pipe(z.int().min(minimum).max(maximum));
}

/** The query parameters of every list. Spread them into the route's own. */
export const pageQuery = {
  page: integerQuery(1, LAST_PAGE).optional().meta({ description: "Default 1. Not together with `cursor`" }),
  limit: integerQuery(1, PAGE_LIMIT)
    .default(DEFAULT_LIMIT)
    .meta({ description: `1 to ${PAGE_LIMIT}, default ${DEFAULT_LIMIT}` }),
  cursor: z
    .string()
    .optional()
    .meta({ description: "`next_cursor` of the page before: stays in place while rows are added" }),
};

export interface PageQuery {
  page?: number | undefined;
  limit: number;
  cursor?: string | undefined;
}

/**
 * The page that a list query requests from the repository.
 * @param order the name of the list's order. A cursor of another order is refused, not misread.
 */
export function pageRequest(query: PageQuery, order = "created_at"): PageRequest {
  if (query.cursor === undefined) {
    return { limit: query.limit, offset: ((query.page ?? 1) - 1) * query.limit, after: null };
  }
  if (query.page !== undefined) {
    throw new RequestError(400, "invalid_query", "Give either page or cursor, not both.", {
      details: { problems: [{ path: "page", problem: "cannot stand beside cursor" }] },
    });
  }
  return { limit: query.limit, offset: 0, after: readCursor(query.cursor, order) };
}

/** The reply of a list. */
export function listReply<T>(
  slice: Slice<T>,
  query: PageQuery,
  present: (row: T) => unknown,
  order = "created_at",
): RouteReply {
  const meta = {
    total: slice.total,
    page: query.cursor === undefined ? (query.page ?? 1) : null,
    limit: query.limit,
    total_pages: Math.ceil(slice.total / query.limit),
    next_cursor: slice.next === null ? null : writeCursor(slice.next, order),
  };
  return { status: 200, body: { data: slice.rows.map(present), meta } };
}

const cursorSchema = z.tuple([z.string(), z.iso.datetime(), z.string().min(1).max(64)]);

/** The cursor of a place in a list: the list goes on behind it. */
export function writeCursor(place: Keyset, order: string): string {
  return Buffer.from(JSON.stringify([order, place.at.toISOString(), place.id])).toString("base64url");
}

/** Throws 400 if this is no cursor of this order. */
export function readCursor(cursor: string, order: string): Keyset {
  const parsed = cursorSchema.safeParse(parseJson(Buffer.from(cursor, "base64url").toString("utf8")));
  if (parsed.success) {
    const [of, at, id] = parsed.data;
    const place = { at: new Date(at), id };
    // No row is older than 1970, and Postgres cannot read a date in the year 0.
    if (of === order && !id.includes("\0") && place.at.getTime() >= 0) return place;
  }
  throw new RequestError(
    400,
    "invalid_cursor",
    "The cursor does not belong to this list. Start without a cursor.",
  );
}
