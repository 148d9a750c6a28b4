import { z } from "zod";
import { listReply, pageQuery, pageRequest } from "../route/paging.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams, listSchema } from "../route/wire-schemas.ts";
import { resolveDelivery, retryDeliveries, retryDelivery } from "./delivery-acts.ts";
import { DELIVERY_STATUSES, deliverySchema, presentDelivery } from "./delivery-resource.ts";
import {
  DELIVERY_NOT_FOUND,
  type DeliveryRoutesDeps,
  deliveryReply,
  requireDelivery,
  THE_DELIVERY,
} from "./require-delivery.ts";

const listQuery = z.strictObject({
  session_id: z.string().optional(),
  channel: z.string().optional().describe("The channel's name"),
  status: z.enum(DELIVERY_STATUSES).optional(),
  ...pageQuery,
});

/** `/deliveries`: every send of a reply or of a part of it, and an operator's actions after a failure. */
export function deliveryRoutes(deps: DeliveryRoutesDeps): Route[] {
  return [
    listDeliveries(deps),
    getDelivery(deps),
    retryDeliveries(deps),
    retryDelivery(deps),
    resolveDelivery(deps),
  ];
}

const listDeliveries = ({ deliveries }: DeliveryRoutesDeps): Route =>
  defineRoute({
    method: "GET",
    path: "/deliveries",
    operationId: "listDeliveries",
    summary: "List deliveries",
    tag: "Deliveries",
    scope: "sessions:read",
    query: listQuery,
    examples: [{ query: { status: "failed" } }],
    responses: [{ status: 200, description: "Deliveries, newest first", schema: listSchema(deliverySchema) }],
    async handle({ caller, query }) {
      const filter = { sessionId: query.session_id, channel: query.channel, status: query.status };
      const found = await deliveries.list(caller.workspaceId, filter, pageRequest(query));
      return listReply(found, query, presentDelivery);
    },
  });

const getDelivery = (deps: DeliveryRoutesDeps): Route =>
  defineRoute({
    method: "GET",
    path: "/deliveries/{id}",
    operationId: "getDelivery",
    summary: "Get a delivery",
    tag: "Deliveries",
    scope: "sessions:read",
    params: idParams,
    responses: THE_DELIVERY,
    errors: [DELIVERY_NOT_FOUND],
    async handle({ caller, params }) {
      return deliveryReply(await requireDelivery(deps, caller, params.id));
    },
  });
