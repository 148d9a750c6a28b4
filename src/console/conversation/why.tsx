import { useEffect, useId, useState } from "preact/hooks";
import { callApi, wordsOf } from "../server/call.ts";
import type { Trail } from "../server/wire.ts";
import { Glyph } from "../shell/glyph.tsx";
import { times } from "../shell/times.ts";
import type { StateLine } from "./state-line.ts";

/** The state of a message in one line. It unfolds into the whole history of the message. */
export function Why({ messageId, line }: { messageId: string; line: StateLine }) {
  const [isOpen, setOpen] = useState(false);
  const place = useId();
  return (
    <div class="why">
      <button
        type="button"
        class={`state ${line.tone}`}
        aria-expanded={isOpen}
        aria-controls={place}
        onClick={() => setOpen(!isOpen)}
      >
        <span>{line.text}</span>
        <Glyph name="fold" />
        <span class="hidden">Why</span>
      </button>
      <div id={place}>{isOpen && <TrailView messageId={messageId} version={line.text} />}</div>
    </div>
  );
}

/** @param props.version the trail is loaded again when it changes. */
function TrailView({ messageId, version }: { messageId: string; version: string }) {
  const [trail, setTrail] = useState<Trail | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    const over = new AbortController();
    callApi<Trail>("GET", `/messages/${messageId}/trail`, { signal: over.signal })
      .then(setTrail)
      .catch((error: unknown) => over.signal.aborted || setFailure(wordsOf(error)));
    return () => over.abort();
  }, [messageId, version]);
  if (failure !== null) return <p class="problem">{failure}</p>;
  if (trail === null) return <p class="quiet">Loading…</p>;
  return (
    <div class="trail">
      <p class="trail-summary">{trail.summary}</p>
      <ol>
        {trail.facts.map(({ at, what, why }, index) => (
          <li key={index}>
            <time dateTime={at} title={times.full(at)}>
              {new Date(at).toISOString().slice(11, 23)}
            </time>
            <span>
              {what}
              {why !== null && <span class="because"> {why}</span>}
            </span>
          </li>
        ))}
      </ol>
      <p class="quiet">Times in UTC. Message {messageId}</p>
    </div>
  );
}
