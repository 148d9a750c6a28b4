import { z } from "zod";
import type { AccessQueries } from "../../../access/access-queries-repository.ts";
import { RequestError } from "../../../core/faults/errors.ts";
import { listReply, pageQuery, pageRequest } from "../route/paging.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams, listSchema } from "../route/wire-schemas.ts";
import { notFound, REQUEST_NOT_FOUND } from "./access-answers.ts";
import {
  accessGrantSchema,
  accessRequestSchema,
  REQUEST_STATES,
  toAccessGrant,
  toAccessRequest,
} from "./access-resource.ts";

const filters = {
  channel: z.string().min(1).optional().describe("The channel's name"),
  identifier: z.string().min(1).optional().describe("The person, as the platform calls them"),
};
const requestsQuery = z.strictObject({
  ...pageQuery,
  ...filters,
  state: z.enum(REQUEST_STATES).optional(),
});
const grantsQuery = z.strictObject({ ...pageQuery, ...filters });

/** People who ask for access, and people who have it. */
export function accessListRoutes({ access }: { access: AccessQueries }): Route[] {
  return [
    listAccessRequestsRoute(access),
    getAccessRequestRoute(access),
    listAccessGrantsRoute(access),
    deleteAccessGrantRoute(access),
  ];
}

function listAccessRequestsRoute(access: AccessQueries): Route {
  return defineRoute({
    method: "GET",
    path: "/access_requests",
    operationId: "listAccessRequests",
    summary: "List the people who ask to be let in",
    description: "Newest first. Requests that were denied or expired are forgotten after a day.",
    tag: "Access",
    scope: "access:read",
    query: requestsQuery,
    examples: [{ query: { state: "waiting" } }],
    responses: [{ status: 200, description: "A page of requests", schema: listSchema(accessRequestSchema) }],
    async handle({ caller: { workspaceId }, query }) {
      const slice = await access.requests(workspaceId, query, pageRequest(query));
      return listReply(slice, query, toAccessRequest);
    },
  });
}

function getAccessRequestRoute(access: AccessQueries): Route {
  return defineRoute({
    method: "GET",
    path: "/access_requests/{id}",
    operationId: "getAccessRequest",
    summary: "Get a request to be let in",
    tag: "Access",
    scope: "access:read",
    params: idParams,
    responses: [{ status: 200, description: "The request", schema: accessRequestSchema }],
    errors: [REQUEST_NOT_FOUND],
    async handle({ caller, params }) {
      const request = await access.request(caller.workspaceId, params.id);
      if (request === null) throw notFound();
      return { status: 200, body: toAccessRequest(request) };
    },
  });
}

function listAccessGrantsRoute(access: AccessQueries): Route {
  return defineRoute({
    method: "GET",
    path: "/access_grants",
    operationId: "listAccessGrants",
    summary: "List the people who were let in",
    description: "Newest first. The people in a channel's `access.allow` are not among them.",
    tag: "Access",
    scope: "access:read",
    query: grantsQuery,
    responses: [{ status: 200, description: "A page of grants", schema: listSchema(accessGrantSchema) }],
    async handle({ caller: { workspaceId }, query }) {
      const slice = await access.grants(workspaceId, query, pageRequest(query));
      return listReply(slice, query, toAccessGrant);
    },
  });
}

function deleteAccessGrantRoute(access: AccessQueries): Route {
  return defineRoute({
    method: "DELETE",
    path: "/access_grants/{id}",
    operationId: "deleteAccessGrant",
    summary: "Let somebody in no longer",
    description: "A turn under way is finished. The person's next message is held again.",
    tag: "Access",
    scope: "access:write",
    params: idParams,
    responses: [{ status: 204, description: "Deleted", schema: null }],
    errors: [{ status: 404, code: "access_grant_not_found", when: "there is no such grant" }],
    async handle({ caller, params }) {
      if (await access.revoke(caller.workspaceId, params.id)) return { status: 204 };
      throw new RequestError(404, "access_grant_not_found", `There is no access grant ${params.id} here.`);
    },
  });
}
