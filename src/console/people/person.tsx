import { useState } from "preact/hooks";
import { Row } from "../conversations/row.tsx";
import { useNames } from "../live/names.ts";
import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { Page, SessionRow, User } from "../server/wire.ts";
import { may } from "../session/who.ts";
import { Age } from "../shell/age.tsx";
import { ChannelBadge } from "../shell/channel-badge.tsx";
import { Contact, useContact } from "../shell/contact.tsx";
import { Link } from "../shell/link.tsx";
import { hrefOf } from "../shell/route.ts";
import { userName } from "../shell/user-name.ts";
import { DataEditor } from "./data-editor.tsx";
import { EraseDialog } from "./erase-dialog.tsx";

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

function PersonPage({ user: masked, sessions }: { user: User; sessions: Page<SessionRow> }) {
  const names = useNames();
  const user = useContact(masked);
  const [isErasing, setErasing] = useState(false);
  const agent = names.agents.find(({ id: known }) => known === sessions.data[0]?.agent_id)?.slug ?? "";
  const to = new URLSearchParams({ channel: user.channel, agent, to: user.identifier }).toString();
  return (
    <>
      <header class="page-head">
        <div>
          <h2 dir="auto">{userName(user)}</h2>
          <p class="facts">
            <ChannelBadge channel={user.channel} />
            <Contact user={masked} />
            <span>
              known since <Age at={user.created_at} />
            </span>
            <Reach user={user} />
          </p>
        </div>
        <div class="form-line">
          {may("trigger:write") && (
            <Link class="button" href={hrefOf("message", null, to)}>
              Write to them
            </Link>
          )}
          {may("users:write") && (
            <button type="button" class="button" onClick={() => setErasing(true)}>
              Erase…
            </button>
          )}
        </div>
      </header>
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
      <Kept userId={user.id} agents={sessions.data.map(({ agent_id: agent }) => agent)} />
      {isErasing && <EraseDialog user={user} onClose={() => setErasing(false)} />}
    </>
  );
}

/** Shows if unprompted messages reach a person, and why not. */
export function Reach({ user }: { user: Pick<User, "reachable"> }) {
  const { ok, reason } = user.reachable;
  if (ok && reason === null) return <span class="chip good">Can be written to</span>;
  return (
    <>
      <span class={`chip ${ok ? "wait" : "bad"}`}>
        {ok ? "Can be written to, with limits" : "Cannot be written to"}
      </span>
      <span>{reason}</span>
    </>
  );
}

/** @param props.agents those that the person talked to, the newest first. */
function Kept({ userId, agents }: { userId: string; agents: readonly string[] }) {
  const names = useNames();
  const [chosen, setChosen] = useState<string | null>(null);
  const agent = chosen ?? agents[0] ?? names.agents[0]?.id;
  if (agent === undefined) return null;
  return (
    <section class="card" aria-label="Kept data">
      <header>
        <h3>What is kept</h3>
        <label class="field inline">
          <span>Agent</span>
          <select value={agent} onChange={({ currentTarget }) => setChosen(currentTarget.value)}>
            {names.agents.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </header>
      <p class="hint">Participant data survives conversations and resets. The agent's prompts can use it.</p>
      <DataEditor key={agent} userId={userId} agent={agent} />
    </section>
  );
}
