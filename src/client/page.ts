import type { Call, RequestOptions, Transport } from "./transport.ts";

export interface PageMeta {
  total: number;
  /** Null if the request had a cursor. */
  page: number | null;
  limit: number;
  totalPages: number;
  nextCursor: string | null;
}

/** One page of a list. An iteration continues with the following pages. */
export interface Page<T> extends AsyncIterable<T> {
  data: T[];
  meta: PageMeta;
}

/** A list: `await` returns one page, and `for await` iterates over all items. */
export type List<T> = Promise<Page<T>> & AsyncIterable<T>;

/** Requests the first page at once, and the others during the iteration. */
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
