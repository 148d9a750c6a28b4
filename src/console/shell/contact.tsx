import { useState } from "preact/hooks";
import { callApi, wordsOf } from "../server/call.ts";
import { createStore, useStore } from "../server/store.ts";
import type { User } from "../server/wire.ts";
import { isMasked, may, who } from "../session/who.ts";

/** The users that this person revealed, until the page is left. */
const revealed = createStore<ReadonlyMap<string, User>>(new Map());
who.subscribe(() => {
  // The next person at this page may be another one.
  if (who.get().state !== "in") revealed.set(new Map());
});

/** The user with contact data, if it was revealed. */
export function useContact<T extends Pick<User, "id">>(user: T): T {
  const known = useStore(revealed).get(user.id);
  return known === undefined ? user : { ...user, ...known };
}

/** The identifier of a user. A viewer sees it masked, and may be allowed to reveal it. */
export function Contact({ user }: { user: Pick<User, "id" | "identifier"> }) {
  const shown = useContact(user);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const isHidden = isMasked() && shown === user && user.identifier.startsWith("•••");

  async function reveal(): Promise<void> {
    if (isBusy) return;
    setBusy(true);
    setFailure(null);
    try {
      const found = await callApi<User>("POST", `/users/${user.id}/reveal`);
      revealed.set(new Map(revealed.get()).set(user.id, found));
    } catch (error) {
      setFailure(wordsOf(error));
    }
    setBusy(false);
  }

  return (
    <>
      <span dir="ltr">{shown.identifier}</span>
      {isHidden && !may("contacts:read") && <span class="hint">hidden from viewers</span>}
      {isHidden && may("contacts:read") && (
        <button
          type="button"
          class="button small"
          aria-busy={isBusy}
          title="Who looked is kept in the audit"
          onClick={() => void reveal()}
        >
          Reveal contact
        </button>
      )}
      {failure !== null && (
        <span class="problem" role="alert">
          {failure}
        </span>
      )}
    </>
  );
}
