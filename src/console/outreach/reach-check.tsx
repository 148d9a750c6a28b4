import { useLive } from "../live/use-live.ts";
import { Reach } from "../people/person.tsx";
import { callApi } from "../server/call.ts";
import type { Page, SessionRow, User } from "../server/wire.ts";
import { Link } from "../shell/link.tsx";
import { hrefOf } from "../shell/route.ts";
import { userName } from "../shell/user-name.ts";

/** More people are not looked up one by one before sending. */
const MOST = 25;
const EVERY_MS = 30_000;

interface Found {
  identifier: string;
  user: User | null;
  /** The conversation that a new one would end. */
  open: SessionRow | null;
}

/** Shows for each identifier the person, if a message would arrive, and the conversation that a new one ends. */
export function ReachCheck(props: {
  channel: string;
  agent: string;
  identifiers: readonly string[];
  startNew: boolean;
}) {
  const { channel, agent, startNew } = props;
  const identifiers = props.identifiers.slice(0, MOST);
  const { data } = useLive(
    JSON.stringify([channel, agent, identifiers]),
    (signal) => Promise.all(identifiers.map((identifier) => find(channel, agent, identifier, signal))),
    EVERY_MS,
  );
  if (data === null) return null;
  return (
    <ul class="reach" aria-label="Who gets it">
      {data.map(({ identifier, user, open }) => (
        <li key={identifier}>
          <span class="row-name" dir="auto">
            {user === null ? identifier : userName(user)}
          </span>
          {user === null ? <span class="chip">New here</span> : <Reach user={user} />}
          {open !== null && startNew && (
            <span class="hint">
              ends{" "}
              <Link href={hrefOf("conversations", open.id)}>
                {open.title ?? "the conversation that is open"}
              </Link>
            </span>
          )}
        </li>
      ))}
      {props.identifiers.length > MOST && (
        <li class="hint">and {props.identifiers.length - MOST} more, of whom the answer will tell</li>
      )}
    </ul>
  );
}

async function find(channel: string, agent: string, identifier: string, signal: AbortSignal): Promise<Found> {
  const query = new URLSearchParams({ channel, identifier, limit: "1" });
  const users = await callApi<Page<User>>("GET", `/users?${query}`, { signal });
  const user = users.data[0] ?? null;
  if (user === null) return { identifier, user, open: null };
  const of = new URLSearchParams({ user_id: user.id, agent_id: agent, status: "active", limit: "1" });
  const sessions = await callApi<Page<SessionRow>>("GET", `/chat/sessions?${of}`, { signal });
  return { identifier, user, open: sessions.data[0] ?? null };
}
