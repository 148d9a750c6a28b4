import { useState } from "preact/hooks";
import { useLive } from "../live/use-live.ts";
import { callApi, wordsOf } from "../server/call.ts";
import type { AuditEntry, Page } from "../server/wire.ts";

const EVERY_MS = 10_000;
const LIMIT = 50;

/** The pages that were asked for, beyond the first one. */
interface Later {
  actor: string;
  rows: AuditEntry[];
  cursor: string | null;
}

/** The audit, live, and its earlier pages. @param actor only the changes of this key; empty: of all. */
export function useAudit(actor: string) {
  const of = actor === "" ? "" : `&actor=${encodeURIComponent(actor)}`;
  const list = (more: string) => callApi<Page<AuditEntry>>("GET", `/audit?limit=${LIMIT}${of}${more}`);
  const { data, failure } = useLive(`audit ${actor}`, () => list(""), EVERY_MS);
  const [later, setLater] = useState<Later | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const more = later?.actor === actor ? later : null;
  const cursor = more === null ? (data?.meta.next_cursor ?? null) : more.cursor;

  async function loadMore(): Promise<void> {
    if (cursor === null) return;
    try {
      const next = await list(`&cursor=${encodeURIComponent(cursor)}`);
      setLater({ actor, rows: [...(more?.rows ?? []), ...next.data], cursor: next.meta.next_cursor });
    } catch (error) {
      setProblem(wordsOf(error));
    }
  }

  // A new row moves others to the next page, so a row can be on two pages.
  const known = new Set<string>();
  const rows = [...(data?.data ?? []), ...(more?.rows ?? [])].filter(
    ({ id }) => !known.has(id) && known.add(id),
  );
  return { rows, isLoaded: data !== null, hasMore: cursor !== null, loadMore, failure: failure ?? problem };
}
