import { render } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Controls } from "./controls.tsx";
import { Phone } from "./phone.tsx";
import { call, type State, type WireEntry } from "./wire.ts";
import { Wire } from "./wire-log.tsx";

/** The whole page: the phones side by side, and the wire below or beside them. */
function Page() {
  const [state, setState] = useState<State | null>(null);
  const [entries, setEntries] = useState<WireEntry[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const [shown, setShown] = useState(0);
  const last = useRef(0);

  const load = useCallback(async () => {
    setState(await call<State>("GET", "/state"));
    const more = await call<WireEntry[]>("GET", `/log?after=${last.current}`);
    const newest = more.at(-1);
    if (newest) last.current = newest.id;
    if (more.length > 0) setEntries((before) => [...before, ...more].slice(-300));
  }, []);

  /** Does something as a person, and shows why if it was refused. */
  const act = useCallback(
    (task: Promise<unknown>) =>
      task.then(
        () => setProblem(null),
        (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
      ),
    [],
  );

  useEffect(() => {
    let isBusy = false;
    let isStale = false;
    const look = async () => {
      isStale = true;
      if (isBusy) return;
      isBusy = true;
      while (isStale) {
        isStale = false;
        await load().catch(() => undefined);
      }
      isBusy = false;
    };
    const source = new EventSource("/simulator/v1/feed");
    source.onmessage = () => void look();
    return () => source.close();
  }, [load]);

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
      <Controls
        state={state}
        act={act}
        onReset={() => {
          last.current = 0;
          setEntries([]);
        }}
      />
      <nav class="tabs" aria-label="Phones">
        {[...state.bots.map(({ name }) => name), ...state.web_chats].map((name, index) => (
          <button type="button" key={name} aria-pressed={shown === index} onClick={() => setShown(index)}>
            {name}
          </button>
        ))}
      </nav>
      <div class="phones">
        {state.bots.map((bot, index) => (
          <Phone key={`${bot.platform}/${bot.name}`} bot={bot} isShown={shown === index} act={act} />
        ))}
        {state.web_chats.map((path, index) => (
          <section
            class="phone web"
            key={path}
            data-shown={shown === state.bots.length + index}
            aria-label={`Web chat: ${path}`}
          >
            <iframe title={`Web chat ${path}`} src={path} />
          </section>
        ))}
      </div>
      <Wire entries={entries} />
    </>
  );
}

const root = document.getElementById("page");
if (root !== null) render(<Page />, root);
