import { type SearchFilters, searchConditions } from "./session-search-repository.ts";
import { placeInShare } from "./session-share.ts";

/** Filters of a list of sessions; all of them apply. */
export interface SessionFilters extends SearchFilters {
  agentId?: string | undefined;
  userId?: string | undefined;
  /** By name. */
  channel?: string | undefined;
  status?: "active" | "completed" | undefined;
  /** State of the session's handoff; `open` is requested or taken. */
  handoff?: "none" | "open" | "requested" | "taken" | undefined;
  /** Changed at this time or later. */
  since?: Date | undefined;
  /** Last changed before this time. */
  until?: Date | undefined;
  /** The share of the sessions, up to 1: the same ones each time. */
  share?: number | undefined;
}

/** The text of WHERE, and its values. `ids`: the sessions that a search found. */
export function sessionConditions(workspaceId: string, filters: SessionFilters, ids: string[] | null) {
  const values: unknown[] = [workspaceId];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const parts = ["s.workspace_id = $1"];
  if (ids) parts.push(`s.id = ANY(${bind(ids)})`);
  parts.push(...searchConditions(filters, bind));
  if (filters.agentId !== undefined) parts.push(`s.agent_id = ${bind(filters.agentId)}`);
  if (filters.userId !== undefined) parts.push(`s.user_id = ${bind(filters.userId)}`);
  if (filters.status !== undefined) parts.push(`s.status = ${bind(filters.status)}`);
  if (filters.since !== undefined) parts.push(`s.updated_at >= ${bind(filters.since)}`);
  if (filters.until !== undefined) parts.push(`s.updated_at < ${bind(filters.until)}`);
  if (filters.share !== undefined) parts.push(`${placeInShare("s.id")} < ${bind(filters.share)}::numeric`);
  if (filters.handoff === "none") parts.push("s.handoff_id IS NULL");
  else if (filters.handoff !== undefined) parts.push("s.handoff_id IS NOT NULL");
  if (filters.handoff === "requested" || filters.handoff === "taken") {
    parts.push(`(SELECT h.state FROM handoffs h WHERE h.id = s.handoff_id) = ${bind(filters.handoff)}`);
  }
  if (filters.channel !== undefined) {
    const name = bind(filters.channel);
    parts.push(`s.channel_id = (SELECT id FROM channels WHERE workspace_id = $1 AND name = ${name})`);
  }
  return { where: parts.join(" AND "), values };
}

export function isEmpty(filters: SessionFilters): boolean {
  return Object.values(filters).every((value) => value === undefined);
}
