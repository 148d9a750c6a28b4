import { Check } from "../shell/check.tsx";
import { Choice } from "../shell/choice.tsx";
import { Problem } from "../shell/problem.tsx";
import { KEY_ROLES, type KeyRole } from "./key-roles.ts";
import { useNewKey } from "./use-new-key.ts";

const ROLES = Object.entries(KEY_ROLES).map(([role, { says }]) => [role, `${role}: ${says}`] as const);

/** Makes a key for a person. Its secret is shown once. */
export function NewKey() {
  const { wish, set, make, isBusy, failure, made, forget } = useNewKey();
  return (
    <form
      class="card message-form"
      aria-label="New key"
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <div class="pair">
        <label class="field">
          <span>For whom (users read this name)</span>
          <input
            required
            maxLength={100}
            value={wish.name}
            onInput={({ currentTarget }) => set({ name: currentTarget.value })}
          />
        </label>
        <Choice label="Role" value={wish.role} onChange={(role) => set({ role: role as KeyRole })}>
          {ROLES}
        </Choice>
      </div>
      {wish.role === "viewer" && (
        <Check checked={wish.mayReveal} onChange={(mayReveal) => set({ mayReveal })}>
          May reveal contact data, which the audit tells
        </Check>
      )}
      <Problem>{failure}</Problem>
      <MadeKey made={made} />
      <div class="form-line">
        <button type="submit" class="button primary" aria-busy={isBusy} disabled={wish.name.trim() === ""}>
          Make a key
        </button>
        {made !== null && (
          <button type="button" class="button" onClick={forget}>
            I have kept it
          </button>
        )}
      </div>
    </form>
  );
}

function MadeKey({ made }: { made: { name: string; secret: string } | null }) {
  return (
    <div role="status">
      {made !== null && (
        <p>
          The key of {made.name}, shown only now: <code class="secret">{made.secret}</code>
        </p>
      )}
    </div>
  );
}
