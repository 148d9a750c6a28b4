import { z } from "zod";
import type { AuditEntry, AuditLog } from "../../../audit/audit-repository.ts";
import { storableText } from "../../../core/text/text.ts";
import { listReply, pageQuery, pageRequest } from "../route/paging.ts";
import { defineRoute, type Route } from "../route/route.ts";
import {
  idSchema,
  jsonObjectSchema,
  listSchema,
  timeSchema,
  timestampSchema,
} from "../route/wire-schemas.ts";
import { actorSchema, presentActor } from "./actor.ts";

const entrySchema = z
  .object({
    id: idSchema,
    workspace_id: idSchema,
    actor: actorSchema,
    address: z.string().describe("The network address of the caller"),
    method: z.enum(["POST", "PATCH", "PUT", "DELETE"]),
    operation: z.string().describe("The `operationId` in this document"),
    path: z.string().describe("Without its base"),
    targets: z
      .array(z.string())
      .describe("Ids of the things in the path, and of the thing in the answer, with its session"),
    fields: z.array(z.string()).describe("Fields that the request set, without their values"),
    before: jsonObjectSchema.nullable().describe("Known fields of the state before; never people's data"),
    after: jsonObjectSchema.nullable().describe("Known fields of the state after; never people's data"),
    request_id: z.string(),
    created_at: timestampSchema,
  })
  .meta({ id: "AuditEntry" });

const text = z.string().min(1).max(200).transform(storableText);

const listQuery = z.strictObject({
  since: timeSchema.optional().describe("At this time or later: RFC 3339"),
  until: timeSchema.optional().describe("Before this time: RFC 3339"),
  actor: text.optional().describe("The id or the name of a key, or the id of a console session"),
  operation: text.optional().describe("An `operationId` of this document"),
  ...pageQuery,
});

/** `/audit`: changes over the API and at the console. */
export function auditRoutes({ audit }: { audit: Pick<AuditLog, "list"> }): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/audit",
      operationId: "listAudit",
      summary: "List who changed what",
      description:
        "One row for each change over the API or at the console. Messages and files that programs send with a key are " +
        "traffic, and have no row; the same acts of people at the console have one.",
      tag: "Audit",
      scope: "admin",
      query: listQuery,
      examples: [{ query: { operation: "createApiKey", limit: "5" } }],
      responses: [{ status: 200, description: "Changes, newest first", schema: listSchema(entrySchema) }],
      async handle({ caller, query }) {
        const { since, until, actor, operation } = query;
        const filter = { since, until, actor, operation };
        const found = await audit.list(caller.workspaceId, filter, pageRequest(query));
        return listReply(found, query, presentEntry);
      },
    }),
  ];
}

function presentEntry(entry: AuditEntry) {
  return {
    id: entry.id,
    workspace_id: entry.workspaceId,
    actor: presentActor(entry),
    address: entry.address,
    method: entry.method,
    operation: entry.operation,
    path: entry.path,
    targets: entry.targets,
    fields: entry.fields,
    before: entry.before,
    after: entry.after,
    request_id: entry.requestId,
    created_at: entry.createdAt,
  };
}
