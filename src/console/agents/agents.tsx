import { useNames } from "../live/names.ts";
import type { Agent } from "../server/wire.ts";
import { Age } from "../shell/age.tsx";
import { Link } from "../shell/link.tsx";
import { PageHead } from "../shell/page-head.tsx";
import { hrefOf, queryOf, type Route } from "../shell/route.ts";
import { PromptPreview } from "./prompt-preview.tsx";
import { Versions } from "./versions.tsx";

/** The agents, and the versions of the one that is open. */
export function Agents({ route }: { route: Route }) {
  const { agents } = useNames();
  const open = agents.find(({ slug }) => slug === route.id) ?? null;
  return (
    <div class="page">
      <PageHead title="Agents" />
      <ul class="cards">
        {agents.map((agent) => (
          <AgentCard key={agent.id} agent={agent} isOpen={agent.slug === route.id} />
        ))}
      </ul>
      {open !== null && <Versions key={open.id} agent={open} />}
      {open !== null && <PromptPreview key={`prompt ${open.id}`} agent={open} />}
    </div>
  );
}

function AgentCard({ agent, isOpen }: { agent: Agent; isOpen: boolean }) {
  const { name, slug, definition, current_version: version, updated_at: at } = agent;
  return (
    <li class="card">
      <header>
        <h3>{name}</h3>
        <span class="chip">Version {version}</span>
      </header>
      <p class="hint">
        {slug}, {botOf(definition)}, published <Age at={at} />
      </p>
      <p class="facts">
        <Link href={hrefOf("agents", slug)} aria-current={isOpen ? "true" : undefined}>
          Versions
        </Link>
        <Link href={hrefOf("conversations", null, queryOf({ agent: slug }))}>Conversations</Link>
      </p>
    </li>
  );
}

/** The kind of a bot, and its model if it has one. */
function botOf({ bot }: Record<string, unknown>): string {
  const { type, model } = (bot ?? {}) as { type?: string; model?: string };
  return [type ?? "bot", model].filter((part) => typeof part === "string").join(" ");
}
