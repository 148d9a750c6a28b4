import { useState } from "preact/hooks";
import { agentName, useNames } from "../live/names.ts";
import type { Session, User } from "../server/wire.ts";
import { isMasked, may } from "../session/who.ts";
import { ChannelBadge } from "../shell/channel-badge.tsx";
import { Contact } from "../shell/contact.tsx";
import { Glyph } from "../shell/glyph.tsx";
import { useKeys } from "../shell/keys.ts";
import { Link } from "../shell/link.tsx";
import { go, hrefOf, type Route } from "../shell/route.ts";
import { userName } from "../shell/user-name.ts";
import { EndDialog, type Ending } from "./end-dialog.tsx";
import { Find } from "./find.tsx";
import { HandoffBar } from "./handoff-bar.tsx";
import { RuleLog } from "./rule-log.tsx";
import { Transcript } from "./transcript.tsx";
import { useConversation } from "./use-conversation.ts";

/** One conversation: its user, its messages, and the person or bot that answers. */
export function ConversationView({ id, route }: { id: string; route: Route }) {
  const at = readAt(route.query);
  const { conversation, failure, load } = useConversation(id, at);
  const [isFinding, setFinding] = useState(false);
  const back = hrefOf("conversations", null, withAt(route.query, null));
  const hrefAt = (seq: number | null) => hrefOf("conversations", id, withAt(route.query, seq));
  useKeys({ Escape: () => go(back), f: () => setFinding(true) });
  return (
    <section class="conversation" aria-label="Conversation">
      {conversation === null ? (
        <header class="conversation-head">
          <Back href={back} />
        </header>
      ) : (
        <Head
          session={conversation.session}
          user={conversation.user}
          back={back}
          onFind={() => setFinding(!isFinding)}
        />
      )}
      {isFinding && <Find sessionId={id} hrefOf={hrefAt} onClose={() => setFinding(false)} />}
      {failure !== null && (
        <p class="problem strip" role="alert">
          {failure}
        </p>
      )}
      {conversation === null && failure === null && <p class="empty">Loading…</p>}
      {conversation !== null && (
        <>
          <RuleLog sessionId={id} />
          <Transcript
            key={`${id} ${at ?? ""}`}
            conversation={conversation}
            at={at}
            hrefOf={hrefAt}
            onMore={load}
          />
          <HandoffBar session={conversation.session} />
        </>
      )}
    </section>
  );
}

/** The message that the address leads to; null: the newest ones. */
function readAt(query: URLSearchParams): number | null {
  const at = Number(query.get("at"));
  return Number.isSafeInteger(at) && at > 0 ? at : null;
}

/** The query of an address, with another message that it leads to. */
function withAt(query: URLSearchParams, seq: number | null): string {
  const next = new URLSearchParams(query);
  if (seq === null) next.delete("at");
  else next.set("at", String(seq));
  return next.toString();
}

function Back({ href }: { href: string }) {
  return (
    <Link class="icon-button back" href={href} aria-label="Back to the list">
      <Glyph name="back" />
    </Link>
  );
}

function Head(props: { session: Session; user: User | null; back: string; onFind: () => void }) {
  const { session, user, back, onFind } = props;
  const names = useNames();
  const [ending, setEnding] = useState<Ending | null>(null);
  const isOver = session.status === "completed";
  return (
    <header class="conversation-head">
      <Back href={back} />
      <div class="conversation-title">
        <h2 dir="auto">
          {user === null ? userName(user) : <Link href={hrefOf("people", user.id)}>{userName(user)}</Link>}
        </h2>
        <p>
          <ChannelBadge channel={session.channel} />
          {user !== null && (user.name !== null || isMasked()) && <Contact user={user} />}
          <span>
            {agentName(names, session.agent_id)}, version {session.agent_version}
          </span>
          {isOver && <span class="chip">Completed</span>}
        </p>
      </div>
      <div class="conversation-acts">
        <button type="button" class="button" onClick={onFind}>
          Find
        </button>
        {may("sessions:write") && !isOver && (
          <>
            <button type="button" class="button" onClick={() => setEnding("reset")}>
              Start over
            </button>
            <button type="button" class="button" onClick={() => setEnding("end")}>
              End
            </button>
          </>
        )}
      </div>
      {ending !== null && <EndDialog session={session} ending={ending} onClose={() => setEnding(null)} />}
    </header>
  );
}
