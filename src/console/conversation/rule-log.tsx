import { useState } from "preact/hooks";
import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { Page, SessionEvent } from "../server/wire.ts";
import { Age } from "../shell/age.tsx";
import { durationOf } from "../shell/ages.ts";
import { Glyph } from "../shell/glyph.tsx";

const EVERY_MS = 10_000;

const TONES: Partial<Record<SessionEvent["status"], string>> = {
  completed: "good",
  failed: "bad",
  unreachable: "bad",
  running: "wait",
  pending: "wait",
};

/** The firings of the agent's event rules in a conversation, with the results of their actions. Folded at first. */
export function RuleLog({ sessionId }: { sessionId: string }) {
  const [isOpen, setOpen] = useState(false);
  const { data } = useLive(
    `rules ${sessionId}`,
    (signal) =>
      callApi<Page<SessionEvent>>("GET", `/chat/sessions/${sessionId}/events?limit=100`, { signal }),
    EVERY_MS,
    sessionId,
  );
  if (data === null || data.data.length === 0) return null;
  const failed = data.data.filter(({ status }) => TONES[status] === "bad").length;
  return (
    <section class="rules" aria-label="Event rules">
      <button
        type="button"
        class={`state ${failed > 0 ? "bad" : ""}`}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <span>
          {data.meta.total} {data.meta.total === 1 ? "rule" : "rules"} fired
          {failed > 0 && `, ${failed} without success`}
        </span>
        <Glyph name="fold" />
      </button>
      {isOpen && (
        <ol>
          {data.data.map((event) => (
            <Firing key={event.id} event={event} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Firing({ event }: { event: SessionEvent }) {
  const { status, reason, actions, attempts, created_at: at, ended_at: end } = event;
  const took = end === null ? null : new Date(end).getTime() - new Date(at).getTime();
  return (
    <li>
      <p class="facts">
        <strong>{event.event}</strong>
        <span class={`chip ${TONES[status] ?? ""}`}>{status}</span>
        <span>
          rule {event.rule + 1} of version {event.agent_version}
        </span>
        <Age at={at} />
        {took !== null && <span>took {durationOf(took)}</span>}
        {attempts > 1 && <span>{attempts} attempts</span>}
      </p>
      {reason !== null && <p class="problem">{reason}</p>}
      {Object.keys(event.data).length > 0 && <code>{JSON.stringify(event.data)}</code>}
      {actions.map((action, index) => (
        <code key={index}>{JSON.stringify(action)}</code>
      ))}
    </li>
  );
}
