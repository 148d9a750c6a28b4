import { useEffect, useRef, useState } from "preact/hooks";
import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { Page, User } from "../server/wire.ts";
import { isMasked } from "../session/who.ts";
import { Age } from "../shell/age.tsx";
import { ChannelBadge } from "../shell/channel-badge.tsx";
import { Link } from "../shell/link.tsx";
import { go, hrefOf, type Route } from "../shell/route.ts";
import { userName } from "../shell/user-name.ts";
import { Person } from "./person.tsx";

const EVERY_MS = 10_000;
const PAUSE_MS = 250;

/** The people who chat, or one of them. */
export function People({ route }: { route: Route }) {
  return (
    <div class="page">
      {route.id === null ? <Search route={route} /> : <Person key={route.id} id={route.id} />}
    </div>
  );
}

function Search({ route }: { route: Route }) {
  const q = route.query.get("q") ?? "";
  const [typed, setTyped] = useState(q);
  const latest = useRef(q);
  latest.current = q;
  useEffect(() => {
    const words = typed.trim();
    if (words === latest.current) return;
    const query = words === "" ? "" : new URLSearchParams({ q: words }).toString();
    const timer = setTimeout(() => go(hrefOf("people", null, query), { replace: true }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const { data, failure } = useLive(
    `people ${q}`,
    (signal) => {
      const query = new URLSearchParams({ limit: "50", ...(q === "" ? {} : { q }) });
      return callApi<Page<User>>("GET", `/users?${query}`, { signal });
    },
    EVERY_MS,
  );
  return (
    <>
      <header class="page-head">
        <h2>People</h2>
        <label class="field inline">
          <span>{isMasked() ? "Name" : "Name or identifier"}</span>
          <input type="search" value={typed} onInput={({ currentTarget }) => setTyped(currentTarget.value)} />
        </label>
      </header>
      {failure !== null && (
        <p class="problem" role="alert">
          {failure}
        </p>
      )}
      {data?.data.length === 0 && (
        <p class="empty">
          {q === ""
            ? "There is nobody yet. People appear here when they write."
            : "Nobody is called like this."}
        </p>
      )}
      <ul class="people">
        {data?.data.map((user) => (
          <li key={user.id}>
            <Link href={hrefOf("people", user.id)}>
              <span class="row-name" dir="auto">
                {userName(user)}
              </span>
              {user.name !== null && <span class="hint">{user.identifier}</span>}
              <ChannelBadge channel={user.channel} />
              {!user.reachable.ok && <span class="chip bad">Cannot be written to</span>}
              <Age at={user.created_at} />
            </Link>
          </li>
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
