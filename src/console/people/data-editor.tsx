import { may } from "../session/who.ts";
import { Changes } from "../shell/changes.tsx";
import { jsonChanges, readObject } from "../shell/json-changes.ts";
import { useKeptData } from "./use-kept-data.ts";

/** The editor of a user's data for one agent. It shows the differences before it saves. */
export function DataEditor({ userId, agent }: { userId: string; agent: string }) {
  const { stored, text, edit, undo, save, isBusy, notice } = useKeptData(userId, agent);
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
        onInput={({ currentTarget }) => edit(currentTarget.value)}
      />
      {typeof typed === "string" && <p class="problem">{typed}</p>}
      {changes.length > 0 && <Changes changes={changes} />}
      {notice !== null && (
        <p class={notice.isProblem ? "problem" : "hint"} role={notice.isProblem ? "alert" : "status"}>
          {notice.text}
        </p>
      )}
      {may("users:write") && <SaveLine changes={changes.length} isBusy={isBusy} onUndo={undo} />}
    </form>
  );
}

function SaveLine({ changes, isBusy, onUndo }: { changes: number; isBusy: boolean; onUndo: () => void }) {
  return (
    <div class="form-line">
      <button type="submit" class="button primary" aria-busy={isBusy} disabled={changes === 0}>
        Save {changes === 0 ? "" : `${changes} ${changes === 1 ? "change" : "changes"}`}
      </button>
      {changes > 0 && (
        <button type="button" class="button" onClick={onUndo}>
          Undo
        </button>
      )}
    </div>
  );
}
