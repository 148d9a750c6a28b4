/** The filters of the list, as they stand in the address. */
export interface Filters {
  q: string;
  channel: string;
  agent: string;
  status: string;
  handoff: string;
  trouble: boolean;
  since: string;
  until: string;
}

export const NO_FILTERS: Filters = {
  q: "",
  channel: "",
  agent: "",
  status: "",
  handoff: "",
  trouble: false,
  since: "",
  until: "",
};

const STATUSES = ["active", "completed"];
const HANDOFFS = ["open", "requested", "taken", "none"];
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Reads the filters of an address. Invalid values are left out. */
export function readFilters(query: URLSearchParams): Filters {
  const text = (name: string) => query.get(name)?.trim() ?? "";
  const oneOf = (name: string, known: readonly string[]) => (known.includes(text(name)) ? text(name) : "");
  const day = (name: string) =>
    DAY.test(text(name)) && !Number.isNaN(Date.parse(text(name))) ? text(name) : "";
  return {
    q: text("q"),
    channel: text("channel"),
    agent: text("agent"),
    status: oneOf("status", STATUSES),
    handoff: oneOf("handoff", HANDOFFS),
    trouble: query.get("trouble") === "true",
    since: day("since"),
    until: day("until"),
  };
}

/** The filters as the query of an address; empty if there are none. */
export function writeFilters(filters: Filters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) {
    if (value !== "" && value !== false) query.set(name, String(value));
  }
  return query.toString();
}

/** The filters as the API takes them. Days are those of the reader's own time zone. */
export function apiQuery(filters: Filters, more: { limit: number; cursor?: string }): string {
  const query = new URLSearchParams({ limit: String(more.limit) });
  if (more.cursor !== undefined) query.set("cursor", more.cursor);
  const { q, channel, agent, status, handoff, trouble, since, until } = filters;
  for (const [name, value] of Object.entries({ q, channel, agent_id: agent, status, handoff })) {
    if (value !== "") query.set(name, value);
  }
  if (trouble) query.set("trouble", "true");
  if (since !== "") query.set("since", startOfDay(since, 0).toISOString());
  if (until !== "") query.set("until", startOfDay(until, 1).toISOString());
  return query.toString();
}

/** The day itself is included, so `until` ends where the next day begins. */
function startOfDay(day: string, later: number): Date {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later);
}

/** Counts the filters that are set, without the search words. */
export function countFilters({ q: _q, ...others }: Filters): number {
  return Object.values(others).filter((value) => value !== "" && value !== false).length;
}
