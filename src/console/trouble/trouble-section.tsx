import type { ComponentChildren } from "preact";
import type { Page } from "../server/wire.ts";

/** One kind of trouble: its meaning, its number, and the newest of it. */
export function TroubleSection<Row>(props: {
  title: string;
  /** The meaning. It is shown also if there is none of it. */
  help: string;
  page: Page<Row>;
  /** An action on all of it. */
  action?: ComponentChildren;
  children: (row: Row) => ComponentChildren;
}) {
  const { title, help, page, action, children } = props;
  return (
    <section class="card" aria-label={title}>
      <header>
        <h3>
          {title} <span class="number">{page.meta.total}</span>
        </h3>
        {page.data.length > 0 && action}
      </header>
      <p class="hint">{help}</p>
      {page.data.length === 0 ? (
        <p class="quiet">None.</p>
      ) : (
        <ul class="troubles">{page.data.map(children)}</ul>
      )}
      {page.meta.total > page.data.length && <p class="hint">The newest {page.data.length} are shown.</p>}
    </section>
  );
}
