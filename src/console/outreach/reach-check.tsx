import { agentName, useNames } from "../live/names.ts";
import { useLive } from "../live/use-live.ts";
import { Reach } from "../people/reach.tsx";
import { callApi } from "../server/call.ts";
import type { TriggerCheck } from "../server/wire.ts";
import { Link } from "../shell/link.tsx";
import { hrefOf } from "../shell/route.ts";
import { times } from "../shell/times.ts";
import { userName } from "../shell/user-name.ts";
import { checkCall, MOST_PEOPLE, type Outreach } from "./trigger-call.ts";

const EVERY_MS = 30_000;

/**
 * Shows the person behind each identifier, and if and when a message would arrive. It also shows the conversation that
 * a new one ends. @param props.onQuiet called with true if it is quiet hours for one of them.
 */
export function ReachCheck({ form, onQuiet }: { form: Outreach; onQuiet: (isQuiet: boolean) => void }) {
  const call = checkCall(form);
  const { data, failure } = useLive(
    JSON.stringify(call),
    async (signal) => {
      const { path, body } = call;
      const checked = await callApi<{ data: TriggerCheck[] }>("POST", path, { body, signal });
      onQuiet(checked.data.some(({ quiet_until: until }) => until !== null));
      return checked.data;
    },
    EVERY_MS,
  );
  if (data === null) return failure === null ? null : <p class="hint">{failure}</p>;
  const limit = data.length === MOST_PEOPLE ? <li class="hint">The first {MOST_PEOPLE} are shown.</li> : null;
  return (
    <ul class="reach" aria-label="Who gets it">
      {data.map((checked) => (
        <Recipient key={checked.identifier} checked={checked} form={form} />
      ))}
      {limit}
    </ul>
  );
}

function Recipient({ checked, form }: { checked: TriggerCheck; form: Outreach }) {
  const { identifier, user, reachable, quiet_until: until, session, handed_to: handedTo } = checked;
  const names = useNames();
  const isHeld = session?.handoff === true && form.kind === "prompt_text" && !form.startNew;
  return (
    <li>
      <span class="row-name" dir="auto">
        {user === null ? identifier : userName(user)}
      </span>
      {user === null && <span class="chip">New here</span>}
      {(user !== null || !reachable.ok) && <Reach user={{ reachable }} />}
      {until !== null && reachable.ok && (
        <span class="chip wait">
          {form.disturb ? "In quiet hours" : `Waits for quiet hours, until ${times.full(until)}`}
        </span>
      )}
      {handedTo !== null && (
        <span class="hint">
          is with{" "}
          <Link href={hrefOf("conversations", handedTo.session_id)}>
            {agentName(names, handedTo.agent_id)}
          </Link>
          , and comes back from there
        </span>
      )}
      {isHeld && <span class="chip bad">A person answers, so the bot writes nothing</span>}
      {session !== null && form.startNew && (
        <span class="hint">
          ends{" "}
          <Link href={hrefOf("conversations", session.id)}>
            {session.title ?? "the conversation that is open"}
          </Link>
        </span>
      )}
    </li>
  );
}
