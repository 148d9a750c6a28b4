import { PageHead } from "../shell/page-head.tsx";
import { Problem } from "../shell/problem.tsx";
import { go, hrefOf, queryOf, type Route } from "../shell/route.ts";
import { Entry } from "./audit-entry.tsx";
import { useAudit } from "./use-audit.ts";

/** The record of changes, over the API and here. */
export function Audit({ route }: { route: Route }) {
  const actor = route.query.get("actor") ?? "";
  const { rows, isLoaded, hasMore, loadMore, failure } = useAudit(actor);
  return (
    <div class="page">
      <PageHead title="Audit">
        <form
          class="field inline"
          onSubmit={(event) => {
            event.preventDefault();
            const words = String(new FormData(event.currentTarget).get("actor") ?? "").trim();
            go(hrefOf("audit", null, queryOf({ actor: words })));
          }}
        >
          <label class="field inline">
            <span>Key</span>
            <input name="actor" type="search" placeholder="Name or id" defaultValue={actor} />
          </label>
        </form>
      </PageHead>
      <Problem>{failure}</Problem>
      {isLoaded && rows.length === 0 && <p class="empty">Nobody has changed anything yet.</p>}
      <ul class="audit">
        {rows.map((entry) => (
          <Entry key={entry.id} entry={entry} />
        ))}
      </ul>
      {hasMore && (
        <button type="button" class="button more" onClick={() => void loadMore()}>
          Show more
        </button>
      )}
    </div>
  );
}
