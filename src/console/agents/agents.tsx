import { useState } from "preact/hooks";
import { useNames } from "../live/names.ts";
import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { Agent, AgentVersion, Page } from "../server/wire.ts";
import { Age } from "../shell/age.tsx";
import { Changes } from "../shell/changes.tsx";
import { jsonChanges } from "../shell/json-changes.ts";
import { Link } from "../shell/link.tsx";
import { hrefOf, type Route } from "../shell/route.ts";
import { PromptPreview } from "./prompt-preview.tsx";
import { SideBySide } from "./side-by-side.tsx";

const EVERY_MS = 15_000;

/** The agents, and the versions of the one that is open. */
export function Agents({ route }: { route: Route }) {
  const { agents } = useNames();
  const open = agents.find(({ slug }) => slug === route.id) ?? null;
  return (
    <div class="page">
      <header class="page-head">
        <h2>Agents</h2>
      </header>
      <ul class="cards">
        {agents.map((agent) => (
          <li key={agent.id} class="card">
            <header>
              <h3>{agent.name}</h3>
              <span class="chip">Version {agent.current_version}</span>
            </header>
            <p class="hint">
              {agent.slug}, {botOf(agent.definition)}, published <Age at={agent.updated_at} />
            </p>
            <p class="facts">
              <Link
                href={hrefOf("agents", agent.slug)}
                aria-current={agent.slug === route.id ? "true" : undefined}
              >
                Versions
              </Link>
              <Link
                href={hrefOf("conversations", null, new URLSearchParams({ agent: agent.slug }).toString())}
              >
                Conversations
              </Link>
            </p>
          </li>
        ))}
      </ul>
      {open !== null && <Versions key={open.id} agent={open} />}
      {open !== null && <PromptPreview key={`prompt ${open.id}`} agent={open} />}
    </div>
  );
}

function Versions({ agent }: { agent: Agent }) {
  const { data, failure } = useLive(
    agent.id,
    (signal) => callApi<Page<AgentVersion>>("GET", `/agents/${agent.id}/versions?limit=50`, { signal }),
    EVERY_MS,
  );
  const [chosen, setChosen] = useState<number | null>(null);
  const shown = chosen ?? agent.current_version;
  const find = (number: number) => data?.data.find((one) => one.version === number);
  const version = find(shown);
  const [against, setAgainst] = useState<number | null>(null);
  // By default the one before it. The first version has none.
  const other = find(against ?? shown - 1);
  return (
    <section class="card" aria-label={`Versions of ${agent.name}`}>
      <header>
        <h3>Versions of {agent.name}</h3>
        <label class="field inline">
          <span>Version</span>
          <select value={shown} onChange={({ currentTarget }) => setChosen(Number(currentTarget.value))}>
            {(data?.data ?? []).map(({ version: number }) => (
              <option key={number} value={number}>
                {number}
                {number === agent.current_version ? " (current)" : ""}
              </option>
            ))}
          </select>
        </label>
      </header>
      {failure !== null && <p class="problem">{failure}</p>}
      {version !== undefined && (
        <>
          <p class="hint">
            Published <Age at={version.created_at} />. Secrets are shown by the names of their settings.
          </p>
          {other !== undefined && other !== version && (
            <>
              <label class="field inline">
                <span>Changes since version</span>
                <select
                  value={other.version}
                  onChange={({ currentTarget }) => setAgainst(Number(currentTarget.value))}
                >
                  {data?.data.map(({ version: number }) => (
                    <option key={number} value={number}>
                      {number}
                    </option>
                  ))}
                </select>
              </label>
              <Changes changes={jsonChanges(other.definition, version.definition)} />
            </>
          )}
          {other !== undefined && other !== version ? (
            <SideBySide before={other} after={version} />
          ) : (
            <pre
              class="definition"
              tabIndex={0}
              role="group"
              aria-label={`Definition, version ${version.version}`}
            >
              {JSON.stringify(version.definition, null, 2)}
            </pre>
          )}
        </>
      )}
    </section>
  );
}

/** The kind of a bot, and its model if it has one. */
function botOf({ bot }: Record<string, unknown>): string {
  const { type, model } = (bot ?? {}) as { type?: string; model?: string };
  return [type ?? "bot", model].filter((part) => typeof part === "string").join(" ");
}
