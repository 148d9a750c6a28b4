import type { RequestOptions, Transport } from "./transport.ts";

export interface StatsQuery {
  /** Default: `day`. */
  interval?: "hour" | "day";
  /** RFC 3339. Default: 24 hours before `until` by the hour, 30 days by the day. */
  since?: string;
  /** RFC 3339. Default: now. */
  until?: string;
  /** An IANA time zone. Days and hours begin by its clocks. Default: UTC. */
  timeZone?: string;
  /** Default: a row for each channel and agent. */
  groupBy?: "none" | "channel" | "agent" | "channel,agent";
  /** By name. */
  channel?: string;
  /** An id or a slug. */
  agentId?: string;
}

/** The numbers of one hour or day. */
export interface StatsRow {
  start: string;
  channel: string | null;
  agentId: string | null;
  agent: string | null;
  messages: { in: number; out: number };
  turns: number;
  failures: number;
  cancelled: number;
  /** From the start of a turn to its end; null if none ended. */
  latencyMs: { p50: number; p95: number } | null;
  tokens: { prompt: number; completion: number; total: number };
  deliveries: { total: number; failed: number };
}

export interface Stats {
  interval: "hour" | "day";
  timeZone: string;
  since: string;
  until: string;
  /** In order of time. An hour or day in which nothing happened has no row. */
  data: StatsRow[];
}

/** Counts messages, turns, failures, latency and tokens by hour or day. */
export function readStats(
  transport: Transport,
  query: StatsQuery = {},
  options?: RequestOptions,
): Promise<Stats> {
  return transport.request({ method: "GET", path: "/stats", query: { ...query } }, options);
}
