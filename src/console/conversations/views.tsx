import { useState } from "preact/hooks";
import { useStore } from "../server/store.ts";
import { Modal } from "../shell/modal.tsx";
import { type Filters, NO_FILTERS, readFilters, writeFilters } from "./filters.ts";
import { removeView, savedViews, saveView } from "./saved-views.ts";

const VIEWS: readonly { name: string; filters: Partial<Filters> }[] = [
  { name: "All", filters: {} },
  { name: "Waiting", filters: { handoff: "requested" } },
  { name: "With people", filters: { handoff: "open" } },
  { name: "Trouble", filters: { trouble: true } },
  { name: "Active", filters: { status: "active" } },
];

/** The fixed filters, the saved filters of this browser, and a way to save the current ones. */
export function Views({ filters, onChange }: { filters: Filters; onChange: (next: Filters) => void }) {
  const saved = useStore(savedViews);
  const [isSaving, setSaving] = useState(false);
  const now = writeFilters(filters);
  const kept = saved.find(({ query }) => query === now) ?? null;
  const isStandard = isStandardView(filters);
  return (
    <div class="views" role="group" aria-label="Views">
      {VIEWS.map(({ name, filters: own }) => (
        <button
          type="button"
          key={name}
          class="view"
          aria-pressed={kept === null && isSame(filters, own)}
          onClick={() => onChange({ ...NO_FILTERS, q: filters.q, ...own })}
        >
          {name}
        </button>
      ))}
      {saved.map(({ name, query }) => (
        <button
          type="button"
          key={`saved ${name}`}
          class="view"
          aria-pressed={query === now}
          onClick={() => onChange(readFilters(new URLSearchParams(query)))}
        >
          {name}
        </button>
      ))}
      {kept !== null && (
        <button type="button" class="view" onClick={() => removeView(kept.name)}>
          Forget this view
        </button>
      )}
      {kept === null && (!isStandard || filters.q !== "") && (
        <button type="button" class="view" onClick={() => setSaving(true)}>
          Save…
        </button>
      )}
      {isSaving && <SaveDialog query={now} onClose={() => setSaving(false)} />}
    </div>
  );
}

/** Tells if the filters, apart from the words, are those of a fixed view. */
export function isStandardView(filters: Filters): boolean {
  return VIEWS.some(({ filters: own }) => isSame(filters, own));
}

function isSame(filters: Filters, own: Partial<Filters>): boolean {
  return writeFilters(filters) === writeFilters({ ...NO_FILTERS, ...own, q: filters.q });
}

function SaveDialog({ query, onClose }: { query: string; onClose: () => void }) {
  const [name, setName] = useState("");
  return (
    <Modal
      title="Save this view"
      act="Save"
      onSubmit={async () => saveView({ name: name.trim(), query })}
      onClose={onClose}
    >
      <label class="field">
        <span>Name</span>
        <input
          required
          pattern=".*\S.*"
          maxLength={40}
          value={name}
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
      </label>
      <p class="hint">This browser keeps the filters and the words. A link to the list works everywhere.</p>
    </Modal>
  );
}
