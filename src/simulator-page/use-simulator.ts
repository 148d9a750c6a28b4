import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { call, type State, type WireEntry } from "./wire.ts";

/** The newest entries of the log that are kept. */
const MOST_ENTRIES = 300;

/** The state of the simulator and its log, live. */
export function useSimulator() {
  const [state, setState] = useState<State | null>(null);
  const [entries, setEntries] = useState<WireEntry[]>([]);
  const last = useRef(0);

  const load = useCallback(async () => {
    setState(await call<State>("GET", "/state"));
    const more = await call<WireEntry[]>("GET", `/log?after=${last.current}`);
    const newest = more.at(-1);
    if (newest) last.current = newest.id;
    if (more.length > 0) setEntries((before) => [...before, ...more].slice(-MOST_ENTRIES));
  }, []);

  useEffect(() => {
    const source = new EventSource("/simulator/v1/feed");
    const look = oneAtATime(() => load().catch(() => undefined));
    source.onmessage = () => void look();
    return () => source.close();
  }, [load]);

  function forgetLog(): void {
    last.current = 0;
    setEntries([]);
  }

  return { state, entries, forgetLog };
}

/** Runs a task, and once more if it was asked for meanwhile. */
function oneAtATime(task: () => Promise<void>): () => Promise<void> {
  let isBusy = false;
  let isStale = false;
  return async () => {
    isStale = true;
    if (isBusy) return;
    isBusy = true;
    while (isStale) {
      isStale = false;
      await task();
    }
    isBusy = false;
  };
}
