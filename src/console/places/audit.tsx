import { useState } from "preact/hooks";
import { useLive } from "../live/use-live.ts";
import { callApi, wordsOf } from "../server/call.ts";
import type { AuditEntry, Page } from "../server/wire.ts";
import { Age } from "../shell/age.tsx";
import { go, hrefOf, type Route } from "../shell/route.ts";

const EVERY_MS = 10_000;
const LIMIT = 50;

/** The record of changes, over the API and here. */
export function Audit({ route }: { route: Route }) {
  const actor = route.query.get("actor") ?? "";
  const of = actor === "" ? "" : `&actor=${encodeURIComponent(actor)}`;
  const list = (more: string) => callApi<Page<AuditEntry>>("GET", `/audit?limit=${LIMIT}${of}${more}`);
  const { data, failure } = useLive(`audit ${actor}`, () => list(""), EVERY_MS);
  const [later, setLater] = useState<{ actor: string; rows: AuditEntry[]; cursor: string | null } | null>(
    null,
  );
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

  const known = new Set<string>();
  const rows = [...(data?.data ?? []), ...(more?.rows ?? [])].filter(
    ({ id }) => !known.has(id) && known.add(id),
  );
  return (
    <div class="page">
      <header class="page-head">
        <h2>Audit</h2>
        <form
          class="field inline"
          onSubmit={(event) => {
            event.preventDefault();
            const words = String(new FormData(event.currentTarget).get("actor") ?? "").trim();
            go(hrefOf("audit", null, words === "" ? "" : new URLSearchParams({ actor: words }).toString()));
          }}
        >
          <label class="field inline">
            <span>Key</span>
            <input name="actor" type="search" placeholder="Name or id" defaultValue={actor} />
          </label>
        </form>
      </header>
      {(failure ?? problem) !== null && (
        <p class="problem" role="alert">
          {failure ?? problem}
        </p>
      )}
      {data !== null && rows.length === 0 && <p class="empty">Nobody has changed anything yet.</p>}
      <ul class="audit">
        {rows.map((entry) => (
          <Entry key={entry.id} entry={entry} />
        ))}
      </ul>
      {cursor !== null && (
        <button type="button" class="button more" onClick={() => void loadMore()}>
          Show more
        </button>
      )}
    </div>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const { actor, operation, method, path, fields, before, after, address } = entry;
  return (
    <li class="card">
      <p>
        <strong>{actor.key_name ?? "A revoked key"}</strong> <span class="chip">{actor.via}</span>{" "}
        {wordsOfOperation(operation)} <Age at={entry.created_at} />
      </p>
      <p class="facts">
        <code>
          {method} {path}
        </code>
        {fields.length > 0 && <span>sets {fields.join(", ")}</span>}
        <span>from {address}</span>
      </p>
      {(before !== null || after !== null) && (
        <p class="facts">
          {before !== null && <del>{JSON.stringify(before)}</del>}
          {after !== null && <ins>{JSON.stringify(after)}</ins>}
        </p>
      )}
    </li>
  );
}

/** `retryDelivery` as `retry delivery`. */
function wordsOfOperation(operation: string): string {
  return operation.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
