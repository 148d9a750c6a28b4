import { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import type { PageRequest, Slice } from "../../../core/page.ts";
import { storableText } from "../../../core/text/text.ts";
import type {
  DeliveryFilter,
  DeliveryView,
  RetryFilter,
} from "../../../delivery/delivery-queries-repository.ts";
import { listReply, pageQuery, pageRequest } from "../route/paging.ts";
import { type Caller, defineRoute, type Route, type RouteReply } from "../route/route.ts";
import { idParams, listSchema, timeSchema } from "../route/wire-schemas.ts";
import { DELIVERY_STATUSES, deliverySchema, presentDelivery } from "./delivery-resource.ts";

interface RetriedDeliveries {
  matched: number;
  retried: { id: string; channelId: string }[];
}

export interface DeliveryRoutesDeps {
  deliveries: {
    list(workspaceId: string, filter: DeliveryFilter, page: PageRequest): Promise<Slice<DeliveryView>>;
    get(workspaceId: string, id: string): Promise<DeliveryView | null>;
    retry(workspaceId: string, id: string): Promise<boolean>;
    retryAll(workspaceId: string, filter: RetryFilter, dryRun: boolean): Promise<RetriedDeliveries>;
    resolve(workspaceId: string, id: string, status: "sent" | "failed"): Promise<boolean>;
  };
  /** A delivery is due again: starts it now, not at the next poll. */
  enqueue(channelId: string, deliveryIds: string[]): void;
}

const NOT_FOUND = { status: 404, code: "delivery_not_found", when: "there is no such delivery" } as const;
const one = [{ status: 200, description: "The delivery", schema: deliverySchema }] as const;

const listQuery = z.strictObject({
  session_id: z.string().optional(),
  channel: z.string().optional().describe("The channel's name"),
  status: z.enum(DELIVERY_STATUSES).optional(),
  ...pageQuery,
});

const storedText = z.string().min(1).transform(storableText);

const retryBody = z.strictObject({
  filter: z.strictObject({
    status: z.enum(["failed", "unknown"]).default("failed"),
    session_id: storedText.optional(),
    channel: storedText.optional().describe("The channel's name"),
    error_code: storedText.optional(),
    since: timeSchema.optional().describe("Created at this time or later: RFC 3339"),
    until: timeSchema.optional().describe("Created before this time: RFC 3339"),
  }),
  dry_run: z.boolean().default(false),
});

const retriedSchema = z.object({
  dry_run: z.boolean(),
  matched: z.int().describe("Exact up to 10,000, an estimate beyond"),
  retried: z.int().describe("The number that is due again. If more match, call again"),
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
    responses: one,
    errors: [NOT_FOUND],
    async handle({ caller, params }) {
      return reply(await find(deps, caller, params.id));
    },
  });

const retryDeliveries = ({ deliveries, enqueue }: DeliveryRoutesDeps): Route =>
  defineRoute({
    method: "POST",
    path: "/deliveries/retry",
    operationId: "retryDeliveries",
    summary: "Send many deliveries again",
    description:
      "The oldest first, at most 1,000 with each call. With `dry_run` nothing is sent: the answer only counts. Those that are `unknown` may arrive twice.",
    tag: "Deliveries",
    scope: "deliveries:write",
    body: retryBody,
    examples: [{ body: { filter: { channel: "telegram", error_code: "429" }, dry_run: true } }],
    responses: [
      {
        status: 200,
        description: "The number that matched, and the number that is due again",
        schema: retriedSchema,
      },
    ],
    async handle({ caller, body }) {
      const { filter, dry_run: dryRun } = body;
      const { matched, retried } = await deliveries.retryAll(
        caller.workspaceId,
        {
          status: filter.status,
          sessionId: filter.session_id,
          channel: filter.channel,
          errorCode: filter.error_code,
          since: filter.since,
          until: filter.until,
        },
        dryRun,
      );
      for (const { channelId, id } of retried) enqueue(channelId, [id]);
      const change = dryRun ? null : { after: { retried: retried.length } };
      return { status: 200, body: { dry_run: dryRun, matched, retried: retried.length }, change };
    },
  });

const retryDelivery = (deps: DeliveryRoutesDeps): Route =>
  defineRoute({
    method: "POST",
    path: "/deliveries/{id}/retry",
    operationId: "retryDelivery",
    summary: "Send a delivery again",
    description: "For one that failed, or is `unknown`: then the user may get it twice.",
    tag: "Deliveries",
    scope: "deliveries:write",
    params: idParams,
    responses: one,
    errors: [
      NOT_FOUND,
      { status: 409, code: "delivery_not_failed", when: "it is neither failed nor unknown" },
    ],
    async handle({ caller, params }) {
      const retried = await deps.deliveries.retry(caller.workspaceId, params.id);
      const delivery = await find(deps, caller, params.id);
      if (!retried) {
        const message = `This delivery is ${delivery.status}; only failed and unknown ones are sent again.`;
        throw new RequestError(409, "delivery_not_failed", message, { details: { status: delivery.status } });
      }
      deps.enqueue(delivery.channelId, [delivery.id]);
      return { ...reply(delivery), change: { after: { status: "queued" } } };
    },
  });

const resolveDelivery = (deps: DeliveryRoutesDeps): Route =>
  defineRoute({
    method: "POST",
    path: "/deliveries/{id}/resolve",
    operationId: "resolveDelivery",
    summary: "Say what became of an unknown delivery",
    description: "You looked: `sent` if the user has it, `failed` if not. Nothing is sent by this.",
    tag: "Deliveries",
    scope: "deliveries:write",
    params: idParams,
    body: z.strictObject({ status: z.enum(["sent", "failed"]) }),
    examples: [{ body: { status: "sent" } }],
    responses: one,
    errors: [NOT_FOUND, { status: 409, code: "delivery_not_unknown", when: "what became of it is known" }],
    async handle({ caller, params, body }) {
      const resolved = await deps.deliveries.resolve(caller.workspaceId, params.id, body.status);
      const delivery = await find(deps, caller, params.id);
      const change = { before: { status: "unknown" }, after: { status: body.status } };
      if (resolved) return { ...reply(delivery), change };
      if (delivery.status === body.status) return { ...reply(delivery), change: null };
      const message = `This delivery is ${delivery.status}; only unknown ones need to be resolved.`;
      throw new RequestError(409, "delivery_not_unknown", message, { details: { status: delivery.status } });
    },
  });

async function find({ deliveries }: DeliveryRoutesDeps, caller: Caller, id: string): Promise<DeliveryView> {
  const delivery = await deliveries.get(caller.workspaceId, id);
  if (delivery) return delivery;
  throw new RequestError(404, "delivery_not_found", `There is no delivery ${id} here.`);
}

function reply(delivery: DeliveryView): RouteReply {
  return { status: 200, body: presentDelivery(delivery) };
}
