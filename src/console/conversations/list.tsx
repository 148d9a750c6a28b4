import type { RefObject } from "preact";
import { useRef } from "preact/hooks";
import { useKeys } from "../shell/keys.ts";
import { Link } from "../shell/link.tsx";
import { Problem } from "../shell/problem.tsx";
import { go, hrefOf, type Route } from "../shell/route.ts";
import { FilterBar } from "./filter-bar.tsx";
import { type Filters, readFilters, writeFilters } from "./filters.ts";
import { Row } from "./row.tsx";
import { type Rows, useRows } from "./use-rows.ts";

/** The list of conversations, with the filters of the address. */
export function ConversationList({ route }: { route: Route }) {
  const filters = readFilters(route.query);
  const query = writeFilters(filters);
  const pane = useRef<HTMLDivElement>(null);
  const isPointedAt = useRef(false);
  const list = useRows(filters, () => {
    const node = pane.current;
    if (!node) return true;
    return !isPointedAt.current && node.scrollTop < 8 && !node.contains(document.activeElement);
  });
  useStepKeys({ list, route, pane });
  const change = (next: Filters) =>
    go(hrefOf("conversations", route.id, writeFilters(next)), { replace: next.q !== filters.q });
  return (
    <section class="list" aria-label="Conversations">
      <FilterBar filters={filters} onChange={change} />
      <div
        ref={pane}
        class="rows"
        onPointerEnter={() => {
          isPointedAt.current = true;
        }}
        onPointerLeave={() => {
          isPointedAt.current = false;
        }}
      >
        <ListRows
          list={list}
          query={query}
          openId={route.id}
          onLetIn={() => pane.current?.scrollTo({ top: 0 })}
        />
      </div>
      <p class="count" role="status">
        {list.isLoading ? "" : `${list.total} ${list.total === 1 ? "conversation" : "conversations"}`}
      </p>
    </section>
  );
}

/** J and K move through the rows, and O opens one. */
function useStepKeys(of: { list: Rows; route: Route; pane: RefObject<HTMLElement | null> }): void {
  const { list, route, pane } = of;
  function step(by: number): void {
    const { rows } = list;
    const focused = document.activeElement?.getAttribute("data-session") ?? route.id;
    const at = rows.findIndex(({ id }) => id === focused);
    const row = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))];
    if (!row) return;
    pane.current?.querySelector<HTMLElement>(`[data-session="${row.id}"]`)?.focus();
    const query = writeFilters(readFilters(route.query));
    if (route.id !== null) go(hrefOf("conversations", row.id, query), { replace: true });
  }

  useKeys({
    j: () => step(1),
    k: () => step(-1),
    o: () => (document.activeElement as HTMLElement | null)?.closest<HTMLElement>("a.row")?.click(),
  });
}

function ListRows(props: { list: Rows; query: string; openId: string | null; onLetIn: () => void }) {
  const { list, query, openId, onLetIn } = props;
  const isEmpty = list.rows.length === 0;
  return (
    <>
      {list.waiting > 0 && (
        <button
          type="button"
          class="pill"
          onClick={() => {
            list.letIn();
            onLetIn();
          }}
        >
          {list.waiting} new or changed
        </button>
      )}
      <Problem>{list.failure}</Problem>
      {list.isLoading && isEmpty && <p class="empty">Loading…</p>}
      {!list.isLoading && isEmpty && list.failure === null && <Nothing query={query} />}
      <ul>
        {list.rows.map((row) => (
          <Row
            key={row.id}
            row={row}
            href={hrefOf("conversations", row.id, query)}
            isOpen={row.id === openId}
            isTroubled={list.troubled.has(row.id)}
          />
        ))}
      </ul>
      {list.cursor !== null && (
        <button type="button" class="button more" aria-busy={list.isLoadingMore} onClick={list.loadMore}>
          Show more
        </button>
      )}
    </>
  );
}

function Nothing({ query }: { query: string }) {
  if (query !== "") {
    return (
      <p class="empty">
        No conversation matches. <Link href={hrefOf("conversations")}>Show all</Link>
      </p>
    );
  }
  return <p class="empty">There are no conversations yet. They appear here when somebody writes.</p>;
}
