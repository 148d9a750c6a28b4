import { useState } from "preact/hooks";
import { agentName, useNames } from "../live/names.ts";
import type { Session, User } from "../server/wire.ts";
import { may } from "../session/who.ts";
import { ChannelBadge } from "../shell/channel-badge.tsx";
import { Glyph } from "../shell/glyph.tsx";
import { useKeys } from "../shell/keys.ts";
import { Link } from "../shell/link.tsx";
import { go, hrefOf, type Route } from "../shell/route.ts";
import { userName } from "../shell/user-name.ts";
import { EndDialog, type Ending } from "./end-dialog.tsx";
import { HandoffBar } from "./handoff-bar.tsx";
import { Transcript } from "./transcript.tsx";
import { useConversation } from "./use-conversation.ts";

/** One conversation: who it is with, what was said, and who answers. */
export function ConversationView({ id, route }: { id: string; route: Route }) {
  const { conversation, failure, loadEarlier } = useConversation(id);
  const back = hrefOf("conversations", null, route.query.toString());
  useKeys({ Escape: () => go(back) });
  return (
    <section class="conversation" aria-label="Conversation">
      {conversation === null ? (
        <header class="conversation-head">
          <Back href={back} />
        </header>
      ) : (
        <Head session={conversation.session} user={conversation.user} back={back} />
      )}
      {failure !== null && (
        <p class="problem strip" role="alert">
          {failure}
        </p>
      )}
      {conversation === null && failure === null && <p class="empty">Loading…</p>}
      {conversation !== null && (
        <>
          <Transcript key={id} conversation={conversation} onEarlier={loadEarlier} />
          <HandoffBar session={conversation.session} />
        </>
      )}
    </section>
  );
}

function Back({ href }: { href: string }) {
  return (
    <Link class="icon-button back" href={href} aria-label="Back to the list">
      <Glyph name="back" />
    </Link>
  );
}

function Head({ session, user, back }: { session: Session; user: User | null; back: string }) {
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
          {user?.name != null && <span dir="ltr">{user.identifier}</span>}
          <span>
            {agentName(names, session.agent_id)}, version {session.agent_version}
          </span>
          {isOver && <span class="chip">Completed</span>}
        </p>
      </div>
      {may("sessions:write") && !isOver && (
        <div class="conversation-acts">
          <button type="button" class="button" onClick={() => setEnding("reset")}>
            Start over
          </button>
          <button type="button" class="button" onClick={() => setEnding("end")}>
            End
          </button>
        </div>
      )}
      {ending !== null && <EndDialog session={session} ending={ending} onClose={() => setEnding(null)} />}
    </header>
  );
}
