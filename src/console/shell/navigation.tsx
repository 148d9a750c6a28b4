import { useEffect, useRef } from "preact/hooks";
import type { Names } from "../live/names.ts";
import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { Page } from "../server/wire.ts";
import { type Me, may, type Scope, signOut } from "../session/who.ts";
import { enterWorkspace } from "../session/workspaces.ts";
import { Link } from "./link.tsx";
import { hrefOf, type ScreenName } from "./route.ts";

const EVERY_MS = 8_000;

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
  const counts = useCounts();
  const nav = useRef<HTMLElement>(null);
  // On a small screen the screens are one line that scrolls.
  useEffect(() => {
    const current = nav.current?.querySelector(`[aria-current][href="${hrefOf(screen)}"]`);
    current?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [screen]);
  const badges: Partial<Record<ScreenName, { count: number; says: string }>> = {
    conversations: { count: counts.waiting, says: "waiting for a person" },
    trouble: { count: counts.trouble, says: "in trouble" },
    channels: {
      count: names.channels.filter(({ state }) => state === "error").length,
      says: "in trouble",
    },
  };
  return (
    <nav class="navigation" aria-label="Console" ref={nav}>
      <h1>
        <span class="mark" aria-hidden="true" />
        <span class="brand">Causeway</span>
      </h1>
      <ul>
        {(Object.keys(TITLES) as ScreenName[]).filter(isUseful).map((name) => {
          const badge = badges[name];
          return (
            <li key={name}>
              <Link href={hrefOf(name)} aria-current={name === screen ? "page" : undefined}>
                {TITLES[name]}
                {badge !== undefined && badge.count > 0 && (
                  <span class={`badge ${name === "conversations" ? "" : "bad"}`}>
                    {badge.count}
                    <span class="hidden"> {badge.says}</span>
                  </span>
                )}
              </Link>
            </li>
          );
        })}
      </ul>
      {me.workspaces.length > 1 && (
        <label class="field workspace">
          <span>Workspace</span>
          <select
            value={me.workspace_id}
            onChange={({ currentTarget: { value } }) => {
              const chosen = me.workspaces.find(({ id }) => id === value);
              if (chosen) enterWorkspace(chosen.slug);
            }}
          >
            {me.workspaces.map(({ id, slug }) => (
              <option key={id} value={id}>
                {slug}
              </option>
            ))}
          </select>
        </label>
      )}
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
    </nav>
  );
}

/** Counts of the work that waits for somebody. */
function useCounts(): { waiting: number; trouble: number } {
  const { data } = useLive(
    "counts",
    async (signal) => {
      const count = async (path: string) =>
        (await callApi<Page<unknown>>("GET", `${path}&limit=1`, { signal })).meta.total;
      const [waiting, failed, unknown, rules] = await Promise.all([
        count("/chat/sessions?handoff=requested"),
        count("/deliveries?status=failed"),
        count("/deliveries?status=unknown"),
        count("/failures?"),
      ]);
      return { waiting, trouble: failed + unknown + rules };
    },
    EVERY_MS,
  );
  return data ?? { waiting: 0, trouble: 0 };
}
