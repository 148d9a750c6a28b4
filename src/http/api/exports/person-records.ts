import type { z } from "zod";
import type { AccessQueries } from "../../../access/access-queries-repository.ts";
import type { AuditEntry, AuditLog } from "../../../audit/audit-repository.ts";
import type { HandoffQueries } from "../../../handoffs/handoff-queries-repository.ts";
import { toAccessGrant, toAccessRequest } from "../access/access-resource.ts";
import { toHandoff } from "../handoffs/handoff-resource.ts";
import { hasScope } from "../route/auth.ts";
import type { Caller } from "../route/route.ts";
import type { personSchema } from "./person-schema.ts";

/** Notes, decisions and changes of operators about a person. */
export interface PersonRecords {
  handoffs: Pick<HandoffQueries, "ofUser">;
  access: Pick<AccessQueries, "ofUser">;
  audit: Pick<AuditLog, "about">;
}

type Shown = Pick<z.output<typeof personSchema>, "handoffs" | "access" | "changes">;

/** Reads it, in the form of the export. Null: the key may not read it elsewhere, so it may not read it here. */
export async function recordsOf(
  { handoffs, access, audit }: PersonRecords,
  { workspaceId, id }: { workspaceId: string; id: string },
  caller: Pick<Caller, "scopes">,
): Promise<Shown> {
  const [asked, letIn, changes] = await Promise.all([
    hasScope(caller, "handoff:read") ? handoffs.ofUser(workspaceId, id) : null,
    hasScope(caller, "access:read") ? access.ofUser(workspaceId, id) : null,
    hasScope(caller, "admin") ? audit.about(workspaceId, id) : null,
  ]);
  return {
    handoffs: asked?.map(toHandoff) ?? null,
    access: letIn && {
      requests: letIn.requests.map(toAccessRequest),
      grants: letIn.grants.map(toAccessGrant),
    },
    changes: changes?.map(toChange) ?? null,
  };
}

/** The network address of an operator is the operator's own data. */
function toChange(entry: AuditEntry): NonNullable<Shown["changes"]>[number] {
  return {
    at: entry.createdAt.toISOString(),
    operation: entry.operation,
    by: entry.actorName,
    via: entry.consoleSessionId === null ? "api" : "console",
    targets: [...entry.targets],
    fields: [...entry.fields],
  };
}
