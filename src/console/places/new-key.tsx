import { useState } from "preact/hooks";
import { tick } from "../live/feed.ts";
import { callApi, wordsOf } from "../server/call.ts";
import { KEY_ROLES, type KeyRole, REVEAL } from "./key-roles.ts";

/** Makes a key for a person. Its secret is shown once. */
export function NewKey() {
  const [name, setName] = useState("");
  const [role, setRole] = useState<KeyRole>("agent");
  const [mayReveal, setMayReveal] = useState(false);
  const [made, setMade] = useState<{ name: string; secret: string } | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  async function make(): Promise<void> {
    if (isBusy) return;
    setBusy(true);
    setFailure(null);
    try {
      const revealing = role === "viewer" && mayReveal ? [REVEAL] : [];
      const body = { name: name.trim(), scopes: [...KEY_ROLES[role].scopes, ...revealing] };
      setMade(await callApi<{ name: string; secret: string }>("POST", "/api_keys", { body }));
      setName("");
    } catch (error) {
      setFailure(wordsOf(error));
    }
    setBusy(false);
    tick();
  }

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
            value={name}
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>Role</span>
          <select value={role} onChange={({ currentTarget }) => setRole(currentTarget.value as KeyRole)}>
            {Object.entries(KEY_ROLES).map(([known, { says }]) => (
              <option key={known} value={known}>
                {known}: {says}
              </option>
            ))}
          </select>
        </label>
      </div>
      {role === "viewer" && (
        <label class="check">
          <input
            type="checkbox"
            checked={mayReveal}
            onChange={({ currentTarget }) => setMayReveal(currentTarget.checked)}
          />
          May reveal contact data, which the audit tells
        </label>
      )}
      {failure !== null && (
        <p class="problem" role="alert">
          {failure}
        </p>
      )}
      <div role="status">
        {made !== null && (
          <p>
            The key of {made.name}, shown only now: <code class="secret">{made.secret}</code>
          </p>
        )}
      </div>
      <div class="form-line">
        <button type="submit" class="button primary" aria-busy={isBusy} disabled={name.trim() === ""}>
          Make a key
        </button>
        {made !== null && (
          <button type="button" class="button" onClick={() => setMade(null)}>
            I have kept it
          </button>
        )}
      </div>
    </form>
  );
}
