import { render } from "preact";
import { useCallback, useState } from "preact/hooks";
import { Controls } from "./controls.tsx";
import { Phones } from "./phones.tsx";
import { useSimulator } from "./use-simulator.ts";
import { Wire } from "./wire-log.tsx";
import "./style/page.css";

/** The whole page: the phones side by side, and the wire below them. */
function Page() {
  const { state, entries, forgetLog } = useSimulator();
  const [problem, setProblem] = useState<string | null>(null);

  /** Does something as a person, and shows why if it was refused. */
  const act = useCallback(
    (task: Promise<unknown>) =>
      task.then(
        () => setProblem(null),
        (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
      ),
    [],
  );

  if (state === null) return <p class="loading">Connecting…</p>;
  return (
    <>
      <header class="top">
        <h1>Simulator</h1>
        <p>Nothing here reaches a real platform.</p>
        {problem === null ? null : (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
      </header>
      <Controls state={state} act={act} onReset={forgetLog} />
      <Phones state={state} act={act} />
      <Wire entries={entries} />
    </>
  );
}

const root = document.getElementById("page");
if (root !== null) render(<Page />, root);
