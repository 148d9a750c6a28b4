import { useState } from "preact/hooks";
import { Check } from "../shell/check.tsx";
import { Problem } from "../shell/problem.tsx";
import type { Route } from "../shell/route.ts";
import { Content } from "./content.tsx";
import { Recipients } from "./recipients.tsx";
import { Results } from "./results.tsx";
import type { TriggerCall } from "./trigger-call.ts";
import { useOutreach } from "./use-outreach.ts";

/** The form of a message to one user or to many. */
export function MessageForm({ route }: { route: Route }) {
  const given = (name: string) => route.query.get(name) ?? "";
  const outreach = useOutreach({ agent: given("agent"), channel: given("channel"), to: given("to") });
  const [isQuiet, setQuiet] = useState(false);
  const { form, set, identifiers } = outreach;
  return (
    <form
      class="card message-form"
      onSubmit={(event) => {
        event.preventDefault();
        void outreach.send();
      }}
    >
      <Recipients outreach={outreach} onQuiet={setQuiet} />
      <Content outreach={outreach} />
      <Check checked={form.startNew} onChange={(startNew) => set({ startNew })}>
        Begin a new conversation, and end the one that is open
      </Check>
      {(isQuiet || form.disturb) && (
        <Check checked={form.disturb} onChange={(disturb) => set({ disturb })}>
          Send now, also in quiet hours
        </Check>
      )}
      <CallPreview call={outreach.call} />
      <Problem>{outreach.failure}</Problem>
      <Results results={outreach.results} />
      <div class="form-line">
        <button type="submit" class="button primary" aria-busy={outreach.isBusy} disabled={!outreach.canSend}>
          Send{identifiers.length > 1 ? ` to ${identifiers.length} people` : ""}
        </button>
      </div>
    </form>
  );
}

function CallPreview({ call }: { call: TriggerCall }) {
  return (
    <details>
      <summary>The call</summary>
      <pre class="definition" tabIndex={0} role="group" aria-label="The call">
        POST /api/v1{call.path}
        {"\n\n"}
        {JSON.stringify(call.body, null, 2)}
      </pre>
    </details>
  );
}
