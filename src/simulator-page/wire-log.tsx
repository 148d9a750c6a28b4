import { useState } from "preact/hooks";
import type { WireEntry } from "./wire.ts";

/** Every request and its answer, newest first, folded and filtered. */
export function Wire({ entries }: { entries: readonly WireEntry[] }) {
  const [filter, setFilter] = useState("");
  const wanted = filter.trim().toLowerCase();
  const shown = entries
    .filter((entry) => wanted === "" || JSON.stringify(entry).toLowerCase().includes(wanted))
    .slice(-100)
    .reverse();
  return (
    <section class="wire" aria-label="Requests">
      <header>
        <h2>Requests</h2>
        <input
          type="search"
          aria-label="Filter"
          placeholder="Filter: sendMessage, slack, 429…"
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
      </header>
      {shown.length === 0 ? <p>None yet. Say something on a phone.</p> : null}
      {shown.map((entry) => (
        <Entry key={entry.id} entry={entry} />
      ))}
    </section>
  );
}

function Entry({ entry }: { entry: WireEntry }) {
  const { at, platform, direction, name, request, answer, trouble, milliseconds } = entry;
  const isBad = trouble !== null || answer === null || answer.status >= 400;
  return (
    <details class={isBad ? "bad" : ""}>
      <summary>
        <span class="when">{at.slice(11, 19)}</span>{" "}
        <span class="way">{direction === "call" ? "bot →" : "→ bot"}</span> {platform} <b>{name}</b>{" "}
        {answer === null || trouble === "cut" || trouble === "hang" ? "no answer" : answer.status}
        {trouble === null ? "" : ` (${trouble})`} <span class="when">{milliseconds} ms</span>
      </summary>
      <pre tabIndex={0}>
        {`${request.method} ${request.url}\n${headers(request.headers)}\n\n${pretty(request.body)}`}
        {answer === null ? "" : `\n\n${answer.status}\n${headers(answer.headers)}\n\n${pretty(answer.body)}`}
      </pre>
    </details>
  );
}

const headers = (all: Record<string, string>) =>
  Object.entries(all)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
