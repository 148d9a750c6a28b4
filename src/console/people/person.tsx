import { Row } from "../conversations/row.tsx";
import { useNames } from "../live/names.ts";
import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { Page, SessionRow, User } from "../server/wire.ts";
import { hrefOf } from "../shell/route.ts";
import { KeptData } from "./kept-data.tsx";
import { PersonHead } from "./person-head.tsx";

const EVERY_MS = 6_000;

/** One person: their addresses, all their conversations, and their data. */
export function Person({ id }: { id: string }) {
  const { data, failure } = useLive(
    `person ${id}`,
    async (signal) => {
      const user = await callApi<User>("GET", `/users/${id}`, { signal });
      const sessions = await callApi<Page<SessionRow>>("GET", `/chat/sessions?user_id=${id}&limit=50`, {
        signal,
      });
      return { user, sessions };
    },
    EVERY_MS,
  );
  if (data === null) return <p class={failure === null ? "empty" : "problem"}>{failure ?? "Loading…"}</p>;
  return <PersonPage {...data} />;
}

function PersonPage({ user, sessions }: { user: User; sessions: Page<SessionRow> }) {
  const { agents } = useNames();
  const talkedTo = sessions.data.map(({ agent_id: agent }) => agent);
  const newest = agents.find(({ id }) => id === talkedTo[0]);
  return (
    <>
      <PersonHead user={user} agent={newest?.slug ?? ""} />
      <section class="card" aria-label="Conversations">
        <h3>
          Conversations <span class="number">{sessions.meta.total}</span>
        </h3>
        <ul class="inset">
          {sessions.data.map((row) => (
            <Row
              key={row.id}
              row={row}
              href={hrefOf("conversations", row.id)}
              isOpen={false}
              isTroubled={false}
            />
          ))}
        </ul>
      </section>
      <KeptData userId={user.id} agents={talkedTo} />
    </>
  );
}
