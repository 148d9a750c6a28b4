import { useEffect, useRef, useState } from "preact/hooks";
import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { Page, User } from "../server/wire.ts";
import { isMasked } from "../session/who.ts";
import { PageHead } from "../shell/page-head.tsx";
import { Problem } from "../shell/problem.tsx";
import { go, hrefOf, queryOf, type Route } from "../shell/route.ts";
import { PersonRow } from "./person-row.tsx";

const EVERY_MS = 10_000;
const PAUSE_MS = 250;

/** All people, the newest first, or those with the words of the address. */
export function Search({ route }: { route: Route }) {
  const q = route.query.get("q") ?? "";
  const [typed, setTyped] = useTyped(q);
  const { data, failure } = useLive(
    `people ${q}`,
    (signal) => callApi<Page<User>>("GET", `/users?${queryOf({ limit: "50", q })}`, { signal }),
    EVERY_MS,
  );
  return (
    <>
      <PageHead title="People">
        <label class="field inline">
          <span>{isMasked() ? "Name" : "Name or identifier"}</span>
          <input type="search" value={typed} onInput={({ currentTarget }) => setTyped(currentTarget.value)} />
        </label>
      </PageHead>
      <Problem>{failure}</Problem>
      {data?.data.length === 0 && (
        <p class="empty">
          {q === ""
            ? "There is nobody yet. People appear here when they write."
            : "Nobody is called like this."}
        </p>
      )}
      <ul class="people">
        {data?.data.map((user) => (
          <PersonRow key={user.id} user={user} />
        ))}
      </ul>
      {data !== null && data.meta.total > data.data.length && (
        <p class="hint">
          {data.meta.total} people; the newest {data.data.length} are shown. Search for others.
        </p>
      )}
    </>
  );
}

/** The words in the field. After a pause they become the words of the address. */
function useTyped(q: string): [string, (typed: string) => void] {
  const [typed, setTyped] = useState(q);
  const latest = useRef(q);
  latest.current = q;
  useEffect(() => {
    const words = typed.trim();
    if (words === latest.current) return;
    const href = hrefOf("people", null, queryOf({ q: words }));
    const timer = setTimeout(() => go(href, { replace: true }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return [typed, setTyped];
}
