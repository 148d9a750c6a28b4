import { useState } from "preact/hooks";
import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { Agent, AgentVersion, Page } from "../server/wire.ts";
import { Age } from "../shell/age.tsx";
import { Changes } from "../shell/changes.tsx";
import { Choice } from "../shell/choice.tsx";
import { jsonChanges } from "../shell/json-changes.ts";
import { SideBySide } from "./side-by-side.tsx";

const EVERY_MS = 15_000;

/** The versions of an agent: one of them, and its changes since another one. */
export function Versions({ agent }: { agent: Agent }) {
  const { data, failure } = useLive(
    agent.id,
    (signal) => callApi<Page<AgentVersion>>("GET", `/agents/${agent.id}/versions?limit=50`, { signal }),
    EVERY_MS,
  );
  const versions = data?.data ?? [];
  const [chosen, setChosen] = useState<number | null>(null);
  const shown = chosen ?? agent.current_version;
  const version = versions.find((one) => one.version === shown);
  const optionName = (number: number) => `${number}${number === agent.current_version ? " (current)" : ""}`;
  return (
    <section class="card" aria-label={`Versions of ${agent.name}`}>
      <header>
        <h3>Versions of {agent.name}</h3>
        <Choice inline label="Version" value={String(shown)} onChange={(value) => setChosen(Number(value))}>
          {versions.map(({ version: number }) => [String(number), optionName(number)])}
        </Choice>
      </header>
      {failure !== null && <p class="problem">{failure}</p>}
      {version !== undefined && <VersionView version={version} versions={versions} />}
    </section>
  );
}

function VersionView({ version, versions }: { version: AgentVersion; versions: readonly AgentVersion[] }) {
  const [against, setAgainst] = useState<number | null>(null);
  // By default the one before it. The first version has none.
  const other = versions.find((one) => one.version === (against ?? version.version - 1));
  const isCompared = other !== undefined && other !== version;
  return (
    <>
      <p class="hint">
        Published <Age at={version.created_at} />. Secrets are shown by the names of their settings.
      </p>
      {isCompared && (
        <>
          <Choice
            inline
            label="Changes since version"
            value={String(other.version)}
            onChange={(value) => setAgainst(Number(value))}
          >
            {versions.map(({ version: number }) => [String(number), String(number)])}
          </Choice>
          <Changes changes={jsonChanges(other.definition, version.definition)} />
          <SideBySide before={other} after={version} />
        </>
      )}
      {!isCompared && (
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
  );
}
