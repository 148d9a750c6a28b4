import type { Outreach } from "./trigger-call.ts";
import type { OutreachForm } from "./use-outreach.ts";

/** The message: words as they stand, or an instruction to the bot. */
export function Content({ outreach: { form, set } }: { outreach: OutreachForm }) {
  const kind = (of: Outreach["kind"], label: string) => (
    <label class="check">
      <input type="radio" name="kind" checked={form.kind === of} onChange={() => set({ kind: of })} />
      <span>{label}</span>
    </label>
  );
  return (
    <>
      <fieldset class="pair">
        <legend>What they get</legend>
        {kind("message_text", "These words, as they stand")}
        {kind("prompt_text", "A message that the bot writes")}
      </fieldset>
      <label class="field">
        <span>{form.kind === "message_text" ? "Words" : "Instruction to the bot"}</span>
        <textarea
          required
          rows={4}
          dir="auto"
          value={form.words}
          onInput={({ currentTarget }) => set({ words: currentTarget.value })}
        />
      </label>
    </>
  );
}
