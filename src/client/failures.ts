import { type List, listOf } from "./page.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import type { PageQuery } from "./types.ts";

/** A firing of an event rule, or a run of a schedule, that was given up. */
export interface Failure {
  id: string;
  kind: "event" | "schedule";
  /** The event of the rule, or the schedule's name or first words. */
  what: string;
  reason: string | null;
  attempts: number;
  /** The channel's name. */
  channel: string;
  agentId: string;
  user: { id: string; identifier: string; name: string | null } | null;
  sessionId: string | null;
  /** Null for a rule. */
  scheduleId: string | null;
  failedAt: string;
}

export interface ListFailures extends PageQuery {
  kind?: Failure["kind"];
  channel?: string;
}

export type Failures = ReturnType<typeof createFailures>;

/** Event rules and schedules that were given up. */
export function createFailures(transport: Transport) {
  return {
    list: (query: ListFailures = {}, options?: RequestOptions): List<Failure> =>
      listOf(transport, { method: "GET", path: "/failures", query: { ...query } }, options),

    /** Tries once more, at once. */
    retry: (id: string, options?: RequestOptions): Promise<void> =>
      transport.request({ method: "POST", path: `/failures/${encodeURIComponent(id)}/retry` }, options),
  };
}
