import type pg from "pg";

/** The table that a key leads to. */
const LEADS_TO: Record<string, string> = {
  workspace_id: "workspaces",
  channel_id: "channels",
  agent_id: "agents",
  user_id: "users",
  session_id: "sessions",
  message_id: "messages",
  user_message_id: "messages",
  execution_id: "executions",
  attachment_id: "attachments",
  delivery_id: "deliveries",
  handoff_id: "handoffs",
  access_request_id: "access_requests",
  schedule_id: "schedules",
  key_id: "api_keys",
};

/** Keys that lead to no row of ours, or to one that another key of the row leads to as well. */
const LEADS_NOWHERE = new Set([
  // The platform's own ids.
  "external_id",
  "platform_id",
  // A user or a session. A constraint ties it to `user_id` and `session_id`.
  "owner_id",
  // The things that an incident, a budget or a kept answer is about. Their kinds differ.
  "subject_id",
  "resource_id",
  // The key or person that took a handoff.
  "holder_id",
  // The session after a reset, of the same user.
  "next_id",
  // The key, the console session and the request of a change. The operator key acts in each workspace.
  "actor_id",
  "console_session_id",
  "request_id",
  // The agent that also answers a turn. By design it is not the turn's agent.
  "candidate_id",
  // The channel of the desk. By design it is not the user's channel.
  "desk_channel_id",
]);

/** Tables that belong to nobody. */
const SHARED = new Set(["workspaces", "service_keys", "attachment_erasures", "_prisma_migrations"]);

/** The kinds of owners whose data must stay separate. */
const OWNERS = ["workspaces", "channels", "agents", "users", "sessions"] as const;
export type Owner = (typeof OWNERS)[number];

export interface OwnedRow {
  table: string;
  /** The whole row as text. */
  text: string;
  /** The owners that the row's keys lead to, directly or through other rows. Two owners of one kind are a leak. */
  owners: Record<Owner, Set<string>>;
}

/** Tables and keys of the database that nobody has classified. */
export async function unclassified(pool: pg.Pool): Promise<string[]> {
  const columns = await scopeColumns(pool);
  return [...columns].flatMap(([table, keys]) => {
    const unknown = keys.filter((key) => LEADS_TO[key] === undefined && !LEADS_NOWHERE.has(key));
    const owned = keys.some((key) => LEADS_TO[key] !== undefined);
    return [
      ...unknown.map((key) => `${table}.${key}`),
      ...(owned || SHARED.has(table) ? [] : [`${table} belongs to nobody`]),
    ];
  });
}

/** Every row of every table, with its owners. */
export async function ownedRows(pool: pg.Pool): Promise<OwnedRow[]> {
  const columns = await scopeColumns(pool);
  const rows = new Map<string, { id: string | null; keys: Record<string, string>; text: string }[]>();
  for (const table of columns.keys()) {
    const found = await pool.query<{ row: Record<string, unknown> }>(
      `SELECT to_jsonb(t) AS row FROM "${table}" t`,
    );
    rows.set(
      table,
      found.rows.map(({ row }) => ({
        id: typeof row["id"] === "string" ? row["id"] : null,
        keys: Object.fromEntries(
          Object.entries(row).filter(
            (entry): entry is [string, string] =>
              typeof entry[1] === "string" && LEADS_TO[entry[0]] !== undefined,
          ),
        ),
        text: JSON.stringify(row),
      })),
    );
  }
  const byId = new Map([...rows].map(([table, all]) => [table, new Map(all.map((row) => [row.id, row]))]));

  function collect(keys: Record<string, string>, into: OwnedRow["owners"], seen: Set<string>): void {
    for (const [key, id] of Object.entries(keys)) {
      const target = LEADS_TO[key] ?? "";
      if (seen.has(`${target} ${id}`)) continue;
      seen.add(`${target} ${id}`);
      if (target in into) into[target as Owner].add(id);
      collect(byId.get(target)?.get(id)?.keys ?? {}, into, seen);
    }
  }

  return [...rows].flatMap(([table, all]) =>
    all.map(({ id, keys, text }) => {
      const owners = Object.fromEntries(
        OWNERS.map((owner) => [owner, new Set<string>()]),
      ) as OwnedRow["owners"];
      if (id !== null && table in owners) owners[table as Owner].add(id);
      collect(keys, owners, new Set());
      return { table, text, owners };
    }),
  );
}

async function scopeColumns(pool: pg.Pool): Promise<Map<string, string[]>> {
  const { rows } = await pool.query<{ table: string; keys: string[] }>(
    `SELECT t.table_name AS table,
       array_agg(c.column_name::text) FILTER (WHERE c.column_name LIKE '%\\_id') AS keys
     FROM information_schema.tables t JOIN information_schema.columns c USING (table_schema, table_name)
     WHERE t.table_schema = 'public' AND t.table_type = 'BASE TABLE' GROUP BY 1 ORDER BY 1`,
  );
  return new Map(rows.map(({ table, keys }) => [table, keys ?? []]));
}
