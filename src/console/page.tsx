import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Agents } from "./agents/agents.tsx";
import { Conversations } from "./conversations/conversations.tsx";
import { followFeed } from "./live/feed.ts";
import { NamesProvider, useLiveNames } from "./live/names.ts";
import { Numbers } from "./numbers/numbers.tsx";
import { MessageSomeone } from "./outreach/message-someone.tsx";
import { Schedules } from "./outreach/schedules.tsx";
import { People } from "./people/people.tsx";
import { Access } from "./places/access.tsx";
import { Audit } from "./places/audit.tsx";
import { Channels } from "./places/channels.tsx";
import { Keys } from "./places/keys.tsx";
import { unreachableSince } from "./server/call.ts";
import { useStore } from "./server/store.ts";
import { SignInPage } from "./session/sign-in.tsx";
import { arrive, type Me, who } from "./session/who.ts";
import { ConnectionBanner, SignedOutBanner } from "./shell/banners.tsx";
import { HelpDialog } from "./shell/help-dialog.tsx";
import { useKeys } from "./shell/keys.ts";
import { Navigation } from "./shell/navigation.tsx";
import { type Route, route } from "./shell/route.ts";
import { Trouble } from "./trouble/trouble.tsx";
import "./style/page.css";

/** The whole page. */
function Page() {
  const now = useStore(who);
  if (now.state === "asking") return <p class="empty">Loading…</p>;
  if (now.state === "out") return <SignInPage problem={now.problem} />;
  return <Console me={now.me} isExpired={now.state === "expired"} />;
}

function Console({ me, isExpired }: { me: Me; isExpired: boolean }) {
  const here = useStore(route);
  const names = useLiveNames();
  const isStale = useStore(unreachableSince) !== null || isExpired;
  const [isHelping, setHelping] = useState(false);
  useEffect(() => (isExpired ? undefined : followFeed()), [isExpired]);
  useKeys({ "?": () => setHelping(true) });
  return (
    <NamesProvider value={names}>
      {isExpired && <SignedOutBanner />}
      <ConnectionBanner />
      <div class="console">
        <Navigation screen={here.screen} names={names} me={me} onHelp={() => setHelping(true)} />
        <main class={isStale ? "stale" : ""}>
          <Screen route={here} />
        </main>
      </div>
      {isHelping && <HelpDialog onClose={() => setHelping(false)} />}
    </NamesProvider>
  );
}

function Screen({ route: here }: { route: Route }) {
  switch (here.screen) {
    case "people":
      return <People route={here} />;
    case "message":
      return <MessageSomeone key={here.query.toString()} route={here} />;
    case "schedules":
      return <Schedules route={here} />;
    case "numbers":
      return <Numbers route={here} />;
    case "access":
      return <Access />;
    case "keys":
      return <Keys />;
    case "audit":
      return <Audit route={here} />;
    case "trouble":
      return <Trouble route={here} />;
    case "channels":
      return <Channels />;
    case "agents":
      return <Agents route={here} />;
    default:
      return <Conversations route={here} />;
  }
}

const root = document.getElementById("page");
if (root !== null) render(<Page />, root);
void arrive();
