import { useState } from "preact/hooks";
import { useNames } from "../live/names.ts";
import { Choice } from "../shell/choice.tsx";
import { DataEditor } from "./data-editor.tsx";

/**
 * The data that is kept of a person for an agent.
 * @param props.agents those that the person talked to, the newest first.
 */
export function KeptData({ userId, agents }: { userId: string; agents: readonly string[] }) {
  const names = useNames();
  const [chosen, setChosen] = useState<string | null>(null);
  const agent = chosen ?? agents[0] ?? names.agents[0]?.id;
  if (agent === undefined) return null;
  return (
    <section class="card" aria-label="Kept data">
      <header>
        <h3>What is kept</h3>
        <Choice inline label="Agent" value={agent} onChange={setChosen}>
          {names.agents.map(({ id, name }) => [id, name])}
        </Choice>
      </header>
      <p class="hint">Participant data survives conversations and resets. The agent's prompts can use it.</p>
      <DataEditor key={agent} userId={userId} agent={agent} />
    </section>
  );
}
