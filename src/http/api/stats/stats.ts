import { z } from "zod";
import type { SessionAgents } from "../../../agents/session-agent-repository.ts";
import { RequestError } from "../../../core/faults/errors.ts";
import { storableText } from "../../../core/text/text.ts";
import { isTimezone } from "../../../core/time/wall-clock.ts";
import type { StatsQuery, StatsRow } from "../../../stats/stats-repository.ts";
import type { OpenLimit } from "../../server/open-limit.ts";
import { tooMany } from "../../server/rate-limit.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idSchema, timeSchema, timestampSchema } from "../route/wire-schemas.ts";

export interface StatsRoutesDeps {
  stats: { read(workspaceId: string, query: StatsQuery): Promise<StatsRow[] | null> };
  agents: Pick<SessionAgents, "find">;
  /** Limits the queries that run at the same time, by workspace. */
  places: OpenLimit;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The longest time that one answer covers, and the time that it covers if none is given, milliseconds. */
const SPANS = {
  hour: { most: 31 * DAY_MS, usual: DAY_MS, words: "31 days" },
  day: { most: 366 * DAY_MS, usual: 30 * DAY_MS, words: "366 days" },
};
const GROUPS = ["none", "channel", "agent", "channel,agent"] as const;

const text = z.string().min(1).max(200).transform(storableText);

const statsQuery = z.strictObject({
  interval: z.enum(["hour", "day"]).default("day"),
  since: timeSchema.optional().describe("Default: 24 hours before `until` by the hour, 30 days by the day"),
  until: timeSchema.optional().describe("Default: now"),
  time_zone: z
    .string()
    // Postgres reads the sign of a plain offset in the opposite way.
    .refine(
      (name) => /^[A-Za-z]/.test(name) && isTimezone(name),
      "expected an IANA zone, such as Europe/Berlin",
    )
    .default("UTC")
    .describe("Days and hours begin by its clocks"),
  group_by: z
    .enum(GROUPS)
    .default("channel,agent")
    .describe("A row for each of them; `none`: one row for all"),
  channel: text.optional().describe("By name"),
  agent_id: text.optional().describe("An agent's id or slug"),
});

const count = z.int().min(0);
const statsSchema = z
  .object({
    interval: z.enum(["hour", "day"]),
    time_zone: z.string(),
    since: timestampSchema,
    until: timestampSchema,
    data: z
      .array(
        z.object({
          start: timestampSchema.describe("The begin of the hour or day"),
          channel: z.string().nullable().describe("Null if rows are not grouped by channel"),
          agent_id: idSchema.nullable().describe("Null if rows are not grouped by agent"),
          agent: z.string().nullable().describe("The agent's slug"),
          messages: z.object({
            in: count.describe("Messages of users"),
            out: count.describe("Messages of the bot and of people who answer"),
          }),
          turns: count.describe("Turns that ended, as `causeway_turns_total` counts them"),
          failures: count.describe("Those that failed"),
          cancelled: count.describe("Those that were cancelled"),
          latency_ms: z
            .object({ p50: count, p95: count })
            .nullable()
            .describe("From the start of a turn to its end; null if none ended"),
          tokens: z.object({ prompt: count, completion: count, total: count }),
          deliveries: z.object({ total: count, failed: count }),
        }),
      )
      .describe("In order of time. An hour or day in which nothing happened has no row"),
  })
  .meta({ id: "Stats" });

/** `GET /stats`: numbers by hour or day. */
export function statsRoutes(deps: StatsRoutesDeps): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/stats",
      operationId: "getStats",
      summary: "Count messages, turns, failures, latency and tokens",
      description:
        "By hour (31 days at most) or by day (366 days at most), for each channel and agent. A message counts when " +
        "it was written, a turn and a delivery when they were made. What was erased counts no more.",
      tag: "Console",
      scope: "sessions:read",
      query: statsQuery,
      examples: [
        { query: { interval: "hour", group_by: "none" } },
        { query: { time_zone: "Europe/Berlin" } },
      ],
      responses: [{ status: 200, description: "The numbers", schema: statsSchema }],
      errors: [
        { status: 404, code: "agent_not_found", when: "there is no such agent" },
        { status: 422, code: "span_too_long", when: "the time is longer than the interval allows, or empty" },
        { status: 422, code: "too_much_to_count", when: "counting takes too long: ask for a shorter time" },
      ],
      async handle({ caller, query, signal }) {
        const { since, until } = spanOf(query);
        const agent = query.agent_id && (await deps.agents.find(caller.workspaceId, query.agent_id));
        if (query.agent_id !== undefined && !agent) {
          throw new RequestError(404, "agent_not_found", `There is no agent ${query.agent_id} here.`);
        }
        const asked = {
          interval: query.interval,
          since,
          until,
          timezone: query.time_zone,
          byChannel: query.group_by.includes("channel"),
          byAgent: query.group_by.includes("agent"),
          channel: query.channel ?? null,
          agentId: agent ? agent.id : null,
        };
        const rows = await inPlace(deps, caller.workspaceId, () =>
          signal.aborted ? Promise.resolve([]) : deps.stats.read(caller.workspaceId, asked),
        );
        const { interval, time_zone } = query;
        return { status: 200, body: { interval, time_zone, since, until, data: rows.map(presentRow) } };
      },
    }),
  ];
}

/** Counting is heavy, so few do it at the same time. */
async function inPlace(
  { places }: StatsRoutesDeps,
  workspaceId: string,
  read: () => Promise<StatsRow[] | null>,
): Promise<StatsRow[]> {
  const leave = places.open(workspaceId);
  if (leave === null) throw tooMany("rate_limited", "Others count at this moment. Try again later.", 2);
  try {
    const rows = await read();
    if (rows !== null) return rows;
  } finally {
    leave();
  }
  throw new RequestError(422, "too_much_to_count", "Counting this takes too long. Ask for a shorter time.");
}

function spanOf(query: z.output<typeof statsQuery>): { since: Date; until: Date } {
  const { most, usual, words } = SPANS[query.interval];
  const until = query.until ?? new Date();
  const since = query.since ?? new Date(until.getTime() - usual);
  const span = until.getTime() - since.getTime();
  if (span > 0 && span <= most) return { since, until };
  const message =
    span > 0
      ? `By the ${query.interval} one answer covers at most ${words}. Give a later since or an earlier until.`
      : "The time is empty: since must lie before until.";
  throw new RequestError(422, "span_too_long", message);
}

function presentRow(row: StatsRow) {
  return {
    start: row.start,
    channel: row.channel,
    agent_id: row.agentId,
    agent: row.agent,
    messages: { in: row.messagesIn, out: row.messagesOut },
    turns: row.turns,
    failures: row.failures,
    cancelled: row.cancelled,
    latency_ms: row.p50 === null || row.p95 === null ? null : { p50: row.p50, p95: row.p95 },
    tokens: { prompt: row.promptTokens, completion: row.completionTokens, total: row.totalTokens },
    deliveries: { total: row.deliveries, failed: row.failedDeliveries },
  };
}
