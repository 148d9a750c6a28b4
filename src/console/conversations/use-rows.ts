import { useEffect, useRef, useState } from "preact/hooks";
import { useLive } from "../live/use-live.ts";
import { callApi, wordsOf } from "../server/call.ts";
import type { Page, SessionRow } from "../server/wire.ts";
import { apiQuery, type Filters, writeFilters } from "./filters.ts";
import { appendRows, mergeRows } from "./merge-rows.ts";

const PAGE = 40;
const EVERY_MS = 4_000;
const TROUBLE_EVERY_MS = 12_000;

interface Shown {
  rows: SessionRow[];
  waiting: number;
  total: number;
  /** The cursor of the next page. Null at the end of the list. */
  cursor: string | null;
}

const NOTHING: Shown = { rows: [], waiting: 0, total: 0, cursor: null };

/**
 * The rows of the list, live.
 * @param mayMove tells if rows may change their places now.
 */
export function useRows(filters: Filters, mayMove: () => boolean) {
  const key = writeFilters(filters);
  const [held, setHeld] = useState<{ key: string; shown: Shown }>({ key, shown: NOTHING });
  const [isLoadingMore, setLoadingMore] = useState(false);
  const [moreFailure, setMoreFailure] = useState<string | null>(null);
  const pages = useRef(1);
  const list = (more: { limit: number; cursor?: string }, signal?: AbortSignal) =>
    callApi<Page<SessionRow>>("GET", `/chat/sessions?${apiQuery(filters, more)}`, signal ? { signal } : {});

  const first = useLive(`rows ${key}`, (signal) => list({ limit: PAGE }, signal), EVERY_MS);
  const trouble = useLive(
    `trouble ${key}`,
    async (signal) => {
      const query = apiQuery({ ...filters, trouble: true }, { limit: 100 });
      const { data } = await callApi<Page<SessionRow>>("GET", `/chat/sessions?${query}`, { signal });
      return new Set(data.map(({ id }) => id));
    },
    TROUBLE_EVERY_MS,
  );

  function take(page: Page<SessionRow>, isLetIn: boolean): void {
    setHeld((before) => {
      const isSame = before.key === key;
      const known = isSame ? before.shown : NOTHING;
      if (!isSame) pages.current = 1;
      const isAll = page.meta.next_cursor === null;
      const merged = mergeRows(known.rows, { rows: page.data, isAll }, isLetIn || mayMove());
      const cursor = pages.current > 1 ? known.cursor : page.meta.next_cursor;
      return { key, shown: { ...merged, total: page.meta.total, cursor } };
    });
  }

  useEffect(() => {
    if (first.data !== null) take(first.data, false);
  }, [first.data]);

  async function loadMore(): Promise<void> {
    const { cursor } = held.shown;
    if (cursor === null || isLoadingMore) return;
    setLoadingMore(true);
    setMoreFailure(null);
    try {
      const next = await list({ limit: PAGE, cursor });
      pages.current += 1;
      setHeld(({ key: of, shown }) => ({
        key: of,
        shown: { ...shown, rows: appendRows(shown.rows, next.data), cursor: next.meta.next_cursor },
      }));
    } catch (error) {
      setMoreFailure(wordsOf(error));
    }
    setLoadingMore(false);
  }

  const shown = held.key === key ? held.shown : NOTHING;
  return {
    ...shown,
    isLoading: first.data === null && first.failure === null,
    failure: first.failure ?? moreFailure,
    troubled: trouble.data ?? new Set<string>(),
    isLoadingMore,
    loadMore,
    /** Shows the waiting rows. */
    letIn: () => first.data !== null && take(first.data, true),
  };
}

export type Rows = ReturnType<typeof useRows>;
