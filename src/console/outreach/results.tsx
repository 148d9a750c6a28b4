import { Link } from "../shell/link.tsx";
import { hrefOf } from "../shell/route.ts";
import { times } from "../shell/times.ts";
import type { OutreachResult } from "./trigger-call.ts";

/** Shows for each user if the message is on its way, waits, or was not sent. */
export function Results({ results }: { results: readonly OutreachResult[] }) {
  return (
    <div role="status" aria-label="What became of it">
      <ul class="reach">
        {results.map(({ identifier, session_id: session, sends_at: at, error }) => (
          <li key={identifier}>
            <span class="row-name">{identifier}</span>
            <span class={`chip ${error ? "bad" : "good"}`}>
              {error ? "Not sent" : at ? "Waits" : "On its way"}
            </span>
            <span class="hint">
              {error?.message ?? (at === undefined ? "" : `until ${times.full(at)}, for the quiet hours`)}
            </span>
            {session !== undefined && <Link href={hrefOf("conversations", session)}>Conversation</Link>}
          </li>
        ))}
      </ul>
    </div>
  );
}
