import { kindOf, useNames } from "../live/names.ts";
import { Choice } from "../shell/choice.tsx";
import { Problem } from "../shell/problem.tsx";
import { describeIdentifier } from "./identifiers.ts";
import { ReachCheck } from "./reach-check.tsx";
import { MOST_PEOPLE } from "./trigger-call.ts";
import type { OutreachForm } from "./use-outreach.ts";

/** The agent that writes, the channel, and the people who get the message. */
export function Recipients({
  outreach,
  onQuiet,
}: {
  outreach: OutreachForm;
  onQuiet: (is: boolean) => void;
}) {
  const { form, set, identifiers, isTooMany } = outreach;
  const names = useNames();
  const { agents, channels } = names;
  return (
    <>
      <div class="pair">
        <Choice label="Agent" value={form.agent} onChange={(agent) => set({ agent })}>
          {agents.map(({ slug, name }) => [slug, name])}
        </Choice>
        <Choice label="Channel" value={form.channel} onChange={(channel) => set({ channel })}>
          {channels.map(({ name }) => [name, name])}
        </Choice>
      </div>
      <label class="field">
        <span>To ({describeIdentifier(kindOf(names, form.channel))})</span>
        <textarea
          required
          rows={Math.min(8, Math.max(1, form.to.split("\n").length))}
          spellcheck={false}
          value={form.to}
          onInput={({ currentTarget }) => set({ to: currentTarget.value })}
        />
      </label>
      {isTooMany && (
        <Problem>
          These are {identifiers.length} people. One call reaches at most {MOST_PEOPLE}.
        </Problem>
      )}
      {identifiers.length > 0 && form.agent !== "" && <ReachCheck form={form} onQuiet={onQuiet} />}
    </>
  );
}
