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
import { idParams, idSchema, listSchema, timeSchema, timestampSchema } from "../route/wire-schemas.ts";

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

const STATUSES = ["queued", "sending", "sent", "delivered", "read", "failed", "unknown"] as const;

const deliverySchema = z
  .object({
    id: idSchema,
    workspace_id: idSchema,
    session_id: idSchema.nullable().describe("Null: a text to somebody who is not let in yet"),
    message_id: idSchema
      .nullable()
      .describe("Null: a text that belongs to no message, at a desk or to somebody who is not let in yet"),
    handoff_id: idSchema.nullable().describe("The handoff whose desk gets it. Null: the user gets it"),
    access_request_id: idSchema
      .nullable()
      .describe("The access request that the text answers. Null for most deliveries"),
    channel: z.string().describe("The channel's name"),
    address: z.string().describe("The address to which it is sent, in the channel's own terms"),
    part: z.int().describe("Which part of the message, from 0: long replies travel in several"),
    content: z.string(),
    status: z.enum(STATUSES).describe("`unknown`: sent, but the platform's answer was lost"),
    attempts: z.int(),
    next_attempt_at: timestampSchema.nullable().describe("Null if no automatic attempt follows"),
    external_ids: z.array(z.string()).describe("The platform's id"),
    error_code: z.string().nullable(),
    error: z.string().nullable(),
    possible_duplicate: z.boolean().describe("The user may have got this twice"),
    created_at: timestampSchema,
    updated_at: timestampSchema,
    sent_at: timestampSchema.nullable(),
  })
  .meta({ id: "Delivery" });

const NOT_FOUND = { status: 404, code: "delivery_not_found", when: "there is no such delivery" } as const;
const one = [{ status: 200, description: "The delivery", schema: deliverySchema }] as const;

const listQuery = z.strictObject({
  session_id: z.string().optional(),
  channel: z.string().optional().describe("The channel's name"),
  status: z.enum(STATUSES).optional(),
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

function presentDelivery(delivery: DeliveryView) {
  return {
    id: delivery.id,
    workspace_id: delivery.workspaceId,
    session_id: delivery.sessionId,
    message_id: delivery.messageId,
    handoff_id: delivery.handoffId,
    access_request_id: delivery.accessRequestId,
    channel: delivery.channel,
    address: delivery.address,
    part: delivery.part,
    content: delivery.content,
    status: delivery.status,
    attempts: delivery.attempts,
    next_attempt_at: delivery.nextAttemptAt,
    external_ids: delivery.externalIds,
    error_code: delivery.errorCode,
    error: delivery.error,
    possible_duplicate: delivery.possibleDuplicate,
    created_at: delivery.createdAt,
    updated_at: delivery.updatedAt,
    sent_at: delivery.sentAt,
  };
}
