import { useEffect, useRef, useState } from "preact/hooks";
import { useNames } from "../live/names.ts";
import { Check } from "../shell/check.tsx";
import { Choice } from "../shell/choice.tsx";
import { Glyph } from "../shell/glyph.tsx";
import { useKeys } from "../shell/keys.ts";
import { countFilters, type Filters, NO_FILTERS } from "./filters.ts";
import { isStandardView, Views } from "./views.tsx";

/** Time without another letter after which the words are searched for, milliseconds. */
const PAUSE_MS = 250;

/** Searches and filters the list. `onChange` puts the filters into the address. */
export function FilterBar({ filters, onChange }: { filters: Filters; onChange: (next: Filters) => void }) {
  const [isOpen, setOpen] = useState(countFilters(filters) > 0 && !isStandardView(filters));
  const count = countFilters(filters);
  return (
    <search class="filter-bar">
      <div class="search-line">
        <SearchField words={filters.q} onChange={(q) => onChange({ ...filters, q })} />
        <button
          type="button"
          class="button"
          aria-expanded={isOpen}
          aria-controls="filters"
          onClick={() => setOpen(!isOpen)}
        >
          Filter{count > 0 && ` (${count})`}
        </button>
      </div>
      <Views filters={filters} onChange={onChange} />
      {isOpen && <FilterFields filters={filters} onChange={onChange} />}
    </search>
  );
}

function SearchField({ words, onChange }: { words: string; onChange: (words: string) => void }) {
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(words);
  const latest = useRef(onChange);
  latest.current = onChange;
  useKeys({ "/": () => field.current?.focus() });
  // The address may change by the way back.
  useEffect(() => setTyped((before) => (before.trim() === words ? before : words)), [words]);
  useEffect(() => {
    if (typed.trim() === words) return;
    const timer = setTimeout(() => latest.current(typed.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <label class="search-field">
      <Glyph name="search" />
      <span class="hidden">Search words in messages</span>
      <input
        ref={field}
        type="search"
        placeholder="Search messages"
        maxLength={200}
        value={typed}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") field.current?.blur();
        }}
      />
    </label>
  );
}

function FilterFields({ filters, onChange }: { filters: Filters; onChange: (next: Filters) => void }) {
  const { channels, agents } = useNames();
  const choose = (name: keyof Filters) => (value: string) => onChange({ ...filters, [name]: value });
  return (
    <div id="filters" class="filters">
      <Choice label="Channel" all="Any" value={filters.channel} onChange={choose("channel")}>
        {channels.map(({ name }) => [name, name])}
      </Choice>
      <Choice label="Agent" all="Any" value={filters.agent} onChange={choose("agent")}>
        {agents.map(({ slug, name }) => [slug, name])}
      </Choice>
      <Choice label="Status" all="Any" value={filters.status} onChange={choose("status")}>
        {[
          ["active", "Active"],
          ["completed", "Completed"],
        ]}
      </Choice>
      <Choice label="Who answers" all="Any" value={filters.handoff} onChange={choose("handoff")}>
        {[
          ["requested", "Waits for a person"],
          ["taken", "A person"],
          ["open", "Either of these"],
          ["none", "The bot"],
        ]}
      </Choice>
      <DayField label="Since" value={filters.since} onChange={choose("since")} />
      <DayField label="Until" value={filters.until} onChange={choose("until")} />
      <Check checked={filters.trouble} onChange={(trouble) => onChange({ ...filters, trouble })}>
        Only with trouble
      </Check>
      <button type="button" class="link" onClick={() => onChange({ ...NO_FILTERS, q: filters.q })}>
        Clear filters
      </button>
    </div>
  );
}

function DayField(props: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <label class="field">
      <span>{props.label}</span>
      <input
        type="date"
        value={props.value}
        onChange={({ currentTarget }) => props.onChange(currentTarget.value)}
      />
    </label>
  );
}
