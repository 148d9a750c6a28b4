import type { Call, RequestOptions, Transport } from "./transport.ts";

export interface PageMeta {
  total: number;
  /** Null where a cursor was given. */
  page: number | null;
  limit: number;
  totalPages: number;
  nextCursor: string | null;
}

/** One page of a list. Iterating over it goes on to the pages behind it. */
export interface Page<T> extends AsyncIterable<T> {
  data: T[];
  meta: PageMeta;
}

/** A list: `await` it for one page, or `for await` over it for everything. */
export type List<T> = Promise<Page<T>> & AsyncIterable<T>;

/** Asks for the first page at once, and for others as the iteration gets there. */
export function listOf<T>(transport: Transport, call: Call, options?: RequestOptions): List<T> {
  const first = pageOf<T>(transport, call, options);
  return Object.assign(first, {
    async *[Symbol.asyncIterator](): AsyncGenerator<T> {
      yield* await first;
    },
  });
}

async function pageOf<T>(transport: Transport, call: Call, options?: RequestOptions): Promise<Page<T>> {
  const { data, meta } = await transport.request<{ data: T[]; meta: PageMeta }>(call, options);
  return {
    data,
    meta,
    async *[Symbol.asyncIterator](): AsyncGenerator<T> {
      yield* data;
      if (meta.nextCursor === null) return;
      const { page: _page, ...query } = call.query ?? {};
      const next = { ...call, query: { ...query, cursor: meta.nextCursor } };
      yield* await pageOf<T>(transport, next, options);
    },
  };
}
