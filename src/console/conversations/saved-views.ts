import { createStore } from "../server/store.ts";

/** Filters of the list that somebody keeps under a name. */
export interface SavedView {
  name: string;
  /** The filters as they stand in the address. */
  query: string;
}

const PLACE = "causeway-console-views";

/** The views that this browser keeps. */
export const savedViews = createStore<readonly SavedView[]>(read());

/** Keeps filters. A view of the same name is replaced. */
export function saveView(view: SavedView): void {
  set([...savedViews.get().filter(({ name }) => name !== view.name), view]);
}

export function removeView(name: string): void {
  set(savedViews.get().filter((view) => view.name !== name));
}

function set(views: readonly SavedView[]): void {
  savedViews.set(views);
  try {
    localStorage.setItem(PLACE, JSON.stringify(views));
  } catch {
    // Without storage the views last as long as the page.
  }
}

function read(): readonly SavedView[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(PLACE) ?? "[]");
    return Array.isArray(stored) ? stored.filter(isView) : [];
  } catch {
    return [];
  }
}

function isView(value: unknown): value is SavedView {
  const { name, query } = (value ?? {}) as { name?: unknown; query?: unknown };
  return typeof name === "string" && typeof query === "string";
}
