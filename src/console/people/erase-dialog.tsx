import { useState } from "preact/hooks";
import { tick } from "../live/feed.ts";
import { callApi } from "../server/call.ts";
import type { User } from "../server/wire.ts";
import { Modal } from "../shell/modal.tsx";
import { go, hrefOf } from "../shell/route.ts";
import { userName } from "../shell/user-name.ts";

/** Erases a person everywhere. The name must be typed, because there is no way back. */
export function EraseDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const name = userName(user);
  async function erase(): Promise<void> {
    if (typed.trim() !== name.trim()) throw new Error(`Type ${name} to erase this person.`);
    await callApi("DELETE", `/users/${user.id}`);
    tick();
    go(hrefOf("people"));
  }
  return (
    <Modal title="Erase this person" act="Erase" isDangerous onSubmit={erase} onClose={onClose}>
      <p>
        The user, what is kept of them, and all their conversations with every message are removed. There is
        no way back.
      </p>
      <label class="field">
        <span>Type “{name}” to go on</span>
        <input
          value={typed}
          spellcheck={false}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        />
      </label>
    </Modal>
  );
}
