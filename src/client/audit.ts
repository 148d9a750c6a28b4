import { type List, listOf } from "./page.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import type { PageQuery } from "./types.ts";

/** A change that somebody made over the API or at the console. */
export interface AuditEntry {
  id: string;
  workspaceId: string;
  actor: {
    keyId: string;
    /** Null if a key revoked itself. */
    keyName: string | null;
    via: "api" | "console";
    consoleSessionId: string | null;
  };
  /** The network address of the caller. */
  address: string;
  method: "POST" | "PATCH" | "PUT" | "DELETE";
  /** The operation's id in the description of the API, such as `deleteUser`. */
  operation: string;
  path: string;
  /** Ids of the things that changed. */
  targets: string[];
  /** Fields that the request set, without their values. */
  fields: string[];
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  requestId: string;
  createdAt: string;
}

export interface ListAudit extends PageQuery {
  /** At this time or later: RFC 3339. */
  since?: string;
  /** Before this time: RFC 3339. */
  until?: string;
  /** The id or the name of a key, or the id of a console session. */
  actor?: string;
  operation?: string;
}

export type Audit = ReturnType<typeof createAudit>;

/** The record of changes by people and keys. */
export function createAudit(transport: Transport) {
  return {
    list: (query: ListAudit = {}, options?: RequestOptions): List<AuditEntry> =>
      listOf(transport, { method: "GET", path: "/audit", query: { ...query } }, options),
  };
}
