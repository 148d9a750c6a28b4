import { useEffect, useState } from "preact/hooks";
import { CallError } from "../../web-chat/chat/call-error.ts";
import { callForRevision, wordsOf } from "../server/call.ts";
import { may } from "../session/who.ts";
import { Changes } from "../shell/changes.tsx";
import { jsonChanges, readObject } from "../shell/json-changes.ts";

type Data = Record<string, unknown>;

/** The stored data, with its revision. */
interface Stored {
  data: Data;
  revision: string;
}

const inWords = (data: Data) => JSON.stringify(data, null, 2);

/** The editor of a user's data for one agent. It shows the differences before it saves, and overwrites no unseen change. */
export function DataEditor({ userId, agent }: { userId: string; agent: string }) {
  const path = `/users/${userId}/data/${encodeURIComponent(agent)}`;
  const [stored, setStored] = useState<Stored | null>(null);
  const [text, setText] = useState("");
  const [notice, setNotice] = useState<{ text: string; isProblem: boolean } | null>(null);
  const [isBusy, setBusy] = useState(false);

  async function load(keepText: boolean): Promise<void> {
    const found = await callForRevision<Data>("GET", path);
    setStored(found);
    if (!keepText) setText(inWords(found.data));
  }

  useEffect(() => {
    load(false).catch((error: unknown) => setNotice({ text: wordsOf(error), isProblem: true }));
  }, [path]);

  async function save(data: Data, revision: string): Promise<void> {
    if (isBusy) return;
    setBusy(true);
    try {
      const saved = await callForRevision<Data>("PUT", path, { body: data, ifMatch: revision });
      setStored(saved);
      setText(inWords(saved.data));
      setNotice({ text: "Saved.", isProblem: false });
    } catch (error) {
      const isOvertaken = error instanceof CallError && error.status === 412;
      if (isOvertaken) await load(true).catch(() => undefined);
      const words = isOvertaken
        ? "Somebody else changed it meanwhile. The differences below are to their state now."
        : wordsOf(error);
      setNotice({ text: words, isProblem: true });
    }
    setBusy(false);
  }

  if (stored === null) return <p class="hint">{notice?.text ?? "Loading…"}</p>;
  const typed = readObject(text);
  const changes = typeof typed === "string" ? [] : jsonChanges(stored.data, typed);
  return (
    <form
      class="data-editor"
      onSubmit={(event) => {
        event.preventDefault();
        if (typeof typed !== "string") void save(typed, stored.revision);
      }}
    >
      <textarea
        aria-label="Kept data, as JSON"
        spellcheck={false}
        rows={Math.min(18, Math.max(4, text.split("\n").length))}
        readOnly={!may("users:write")}
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          setNotice(null);
        }}
      />
      {typeof typed === "string" && <p class="problem">{typed}</p>}
      {changes.length > 0 && <Changes changes={changes} />}
      {notice !== null && (
        <p class={notice.isProblem ? "problem" : "hint"} role={notice.isProblem ? "alert" : "status"}>
          {notice.text}
        </p>
      )}
      {may("users:write") && (
        <div class="form-line">
          <button type="submit" class="button primary" aria-busy={isBusy} disabled={changes.length === 0}>
            Save{" "}
            {changes.length === 0 ? "" : `${changes.length} ${changes.length === 1 ? "change" : "changes"}`}
          </button>
          {changes.length > 0 && (
            <button type="button" class="button" onClick={() => setText(inWords(stored.data))}>
              Undo
            </button>
          )}
        </div>
      )}
    </form>
  );
}
