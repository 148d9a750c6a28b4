import { createStore } from "../server/store.ts";

/** The screens of the console. Their names are their paths. */
export const SCREENS = [
  "conversations",
  "people",
  "message",
  "schedules",
  "trouble",
  "numbers",
  "channels",
  "agents",
  "access",
  "keys",
  "audit",
] as const;
export type ScreenName = (typeof SCREENS)[number];

export interface Route {
  screen: ScreenName;
  /** The conversation or other thing that is open. */
  id: string | null;
  query: URLSearchParams;
}

const BASE = "/console";

/** The screen of an address. An unknown one is the list of conversations. */
function routeOf(path: string, search: string): Route {
  const [name = "", id = null] = path.slice(BASE.length).split("/").filter(Boolean);
  const screen = SCREENS.find((known) => known === name) ?? "conversations";
  return {
    screen,
    id: id === null ? null : decodeURIComponent(id),
    query: new URLSearchParams(search),
  };
}

export function hrefOf(screen: ScreenName, id: string | null = null, query = ""): string {
  const path =
    screen === "conversations" && id === null
      ? BASE
      : `${BASE}/${screen}${id === null ? "" : `/${encodeURIComponent(id)}`}`;
  return query === "" ? path : `${path}?${query}`;
}

/** The query of an address. Empty values are left out. */
export function queryOf(values: Readonly<Record<string, string>>): string {
  return new URLSearchParams(Object.entries(values).filter(([, value]) => value !== "")).toString();
}

const here = () => routeOf(location.pathname, location.search);

export const route = createStore<Route>(here());

/** Shows another screen. @param replace keeps the way back as it was, for filters that change with each key. */
export function go(href: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, "", href);
  else history.pushState(null, "", href);
  route.set(here());
}

addEventListener("popstate", () => route.set(here()));
