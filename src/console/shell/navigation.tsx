import { useEffect, useRef } from "preact/hooks";
import type { Names } from "../live/names.ts";
import { type Me, may, type Scope, signOut } from "../session/who.ts";
import { enterWorkspace } from "../session/workspaces.ts";
import { Link } from "./link.tsx";
import { hrefOf, type ScreenName } from "./route.ts";
import { useCounts } from "./use-counts.ts";

const TITLES: Readonly<Record<ScreenName, string>> = {
  conversations: "Conversations",
  people: "People",
  message: "Message someone",
  schedules: "Schedules",
  trouble: "Trouble",
  numbers: "Queue and speed",
  channels: "Channels",
  agents: "Agents",
  access: "Access",
  keys: "API keys",
  audit: "Audit",
};

/** Screens that are of use only with a scope. */
const NEEDS: Partial<Record<ScreenName, Scope>> = {
  message: "trigger:write",
  access: "access:read",
  keys: "admin",
  audit: "admin",
};

const isUseful = (name: ScreenName) => {
  const needed = NEEDS[name];
  return needed === undefined || may(needed);
};

/** The screens, the number of waiting items on each, and the signed-in person. */
export function Navigation(props: { screen: ScreenName; names: Names; me: Me; onHelp: () => void }) {
  const { screen, names, me, onHelp } = props;
  const badges = useBadges(names);
  const nav = useRef<HTMLElement>(null);
  // On a small screen the screens are one line that scrolls. A number that appears makes an entry wider.
  const shownBadges = Object.values(badges).filter(({ count }) => count > 0).length;
  useEffect(() => {
    const current = nav.current?.querySelector(`[aria-current][href="${hrefOf(screen)}"]`);
    current?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [screen, shownBadges]);
  return (
    <nav class="navigation" aria-label="Console" ref={nav}>
      <h1>
        <span class="mark" aria-hidden="true" />
        <span class="brand">Causeway</span>
      </h1>
      <ul>
        {(Object.keys(TITLES) as ScreenName[]).filter(isUseful).map((name) => (
          <li key={name}>
            <Link href={hrefOf(name)} aria-current={name === screen ? "page" : undefined}>
              {TITLES[name]}
              <ScreenBadge badge={badges[name]} isBad={name !== "conversations"} />
            </Link>
          </li>
        ))}
      </ul>
      {me.workspaces.length > 1 && <WorkspaceChoice me={me} />}
      <WhoAmI me={me} onHelp={onHelp} />
    </nav>
  );
}

/** A number beside a screen, with the words that say what it counts. */
interface Badge {
  count: number;
  says: string;
}

function useBadges({ channels }: Names): Partial<Record<ScreenName, Badge>> {
  const counts = useCounts();
  const inTrouble = channels.filter(({ state }) => state === "error").length;
  return {
    conversations: { count: counts.waiting, says: "waiting for a person" },
    trouble: { count: counts.trouble, says: "in trouble" },
    channels: { count: inTrouble, says: "in trouble" },
  };
}

function ScreenBadge({ badge, isBad }: { badge: Badge | undefined; isBad: boolean }) {
  if (badge === undefined || badge.count === 0) return null;
  return (
    <span class={`badge ${isBad ? "bad" : ""}`}>
      {badge.count}
      <span class="hidden"> {badge.says}</span>
    </span>
  );
}

function WorkspaceChoice({ me }: { me: Me }) {
  function enter(id: string): void {
    const chosen = me.workspaces.find((workspace) => workspace.id === id);
    if (chosen) enterWorkspace(chosen.slug);
  }
  return (
    <label class="field workspace">
      <span>Workspace</span>
      <select value={me.workspace_id} onChange={({ currentTarget }) => enter(currentTarget.value)}>
        {me.workspaces.map(({ id, slug }) => (
          <option key={id} value={id}>
            {slug}
          </option>
        ))}
      </select>
    </label>
  );
}

function WhoAmI({ me, onHelp }: { me: Me; onHelp: () => void }) {
  return (
    <div class="whoami">
      <p>
        <span class="who-name">{me.key.name}</span>
        <span class="hint">{me.role}</span>
      </p>
      <a class="link" href="/docs">
        API
      </a>
      <button type="button" class="link" onClick={onHelp}>
        Shortcuts
      </button>
      <button type="button" class="link" onClick={() => void signOut().catch(() => undefined)}>
        Sign out
      </button>
    </div>
  );
}
