import { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import type { Erasure, ErasureRepository } from "../../../users/erasure-repository.ts";
import { actorSchema, presentActor } from "../audit/actor.ts";
import { listReply, pageQuery, pageRequest } from "../route/paging.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams, idSchema, listSchema, timeSchema, timestampSchema } from "../route/wire-schemas.ts";

const erasureSchema = z
  .object({
    id: idSchema,
    workspace_id: idSchema,
    user_hash: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .describe("SHA-256 of the user's id, in hexadecimal digits"),
    erased_at: timestampSchema,
    actor: actorSchema,
    erased_rows: z.record(z.string(), z.int()).describe("Numbers of the erased rows, by table"),
  })
  .meta({ id: "Erasure" });

const listQuery = z.strictObject({
  user_id: z.string().min(1).max(200).optional().describe("The id that the erased user had"),
  since: timeSchema.optional().describe("At this time or later: RFC 3339"),
  until: timeSchema.optional().describe("Before this time: RFC 3339"),
  ...pageQuery,
});

/** `/erasures`: certificates of erased people. */
export function erasureRoutes({ erasures }: { erasures: Pick<ErasureRepository, "get" | "list"> }): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/erasures",
      operationId: "listErasures",
      summary: "List certificates of erased people",
      description:
        "What was erased, when and by whom. A certificate has nothing of the person but the hash of an id: to find " +
        "theirs, give the id that they had.",
      tag: "Users",
      scope: "users:read",
      query: listQuery,
      examples: [{ query: { limit: "5" } }],
      responses: [
        { status: 200, description: "Certificates, newest first", schema: listSchema(erasureSchema) },
      ],
      async handle({ caller, query }) {
        const { user_id: userId, since, until } = query;
        const found = await erasures.list(caller.workspaceId, { userId, since, until }, pageRequest(query));
        return listReply(found, query, presentErasure);
      },
    }),
    defineRoute({
      method: "GET",
      path: "/erasures/{id}",
      operationId: "getErasure",
      summary: "Get the certificate of an erased person",
      tag: "Users",
      scope: "users:read",
      params: idParams,
      responses: [{ status: 200, description: "The certificate", schema: erasureSchema }],
      errors: [{ status: 404, code: "erasure_not_found", when: "there is no such certificate" }],
      async handle({ caller, params }) {
        const found = await erasures.get(caller.workspaceId, params.id);
        if (found === null)
          throw new RequestError(404, "erasure_not_found", `There is no erasure ${params.id} here.`);
        return { status: 200, body: presentErasure(found) };
      },
    }),
  ];
}

function presentErasure(erasure: Erasure) {
  return {
    id: erasure.id,
    workspace_id: erasure.workspaceId,
    user_hash: erasure.userHash,
    erased_at: erasure.createdAt,
    actor: presentActor(erasure),
    erased_rows: erasure.rows,
  };
}
