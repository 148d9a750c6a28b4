import { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import { storableText } from "../../../core/text/text.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams, timeSchema } from "../route/wire-schemas.ts";
import {
  DELIVERY_NOT_FOUND,
  type DeliveryRoutesDeps,
  deliveryReply,
  requireDelivery,
  THE_DELIVERY,
} from "./require-delivery.ts";

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

/** Sends many deliveries once more. */
export const retryDeliveries = ({ deliveries, enqueue }: DeliveryRoutesDeps): Route =>
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

/** Sends one delivery once more. */
export const retryDelivery = (deps: DeliveryRoutesDeps): Route =>
  defineRoute({
    method: "POST",
    path: "/deliveries/{id}/retry",
    operationId: "retryDelivery",
    summary: "Send a delivery again",
    description: "For one that failed, or is `unknown`: then the user may get it twice.",
    tag: "Deliveries",
    scope: "deliveries:write",
    params: idParams,
    responses: THE_DELIVERY,
    errors: [
      DELIVERY_NOT_FOUND,
      { status: 409, code: "delivery_not_failed", when: "it is neither failed nor unknown" },
    ],
    async handle({ caller, params }) {
      const retried = await deps.deliveries.retry(caller.workspaceId, params.id);
      const delivery = await requireDelivery(deps, caller, params.id);
      if (!retried) {
        const message = `This delivery is ${delivery.status}; only failed and unknown ones are sent again.`;
        throw new RequestError(409, "delivery_not_failed", message, { details: { status: delivery.status } });
      }
      deps.enqueue(delivery.channelId, [delivery.id]);
      return { ...deliveryReply(delivery), change: { after: { status: "queued" } } };
    },
  });

/** Records what became of a delivery of unknown outcome. */
export const resolveDelivery = (deps: DeliveryRoutesDeps): Route =>
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
    responses: THE_DELIVERY,
    errors: [
      DELIVERY_NOT_FOUND,
      { status: 409, code: "delivery_not_unknown", when: "what became of it is known" },
    ],
    async handle({ caller, params, body }) {
      const resolved = await deps.deliveries.resolve(caller.workspaceId, params.id, body.status);
      const delivery = await requireDelivery(deps, caller, params.id);
      const change = { before: { status: "unknown" }, after: { status: body.status } };
      if (resolved) return { ...deliveryReply(delivery), change };
      if (delivery.status === body.status) return { ...deliveryReply(delivery), change: null };
      const message = `This delivery is ${delivery.status}; only unknown ones need to be resolved.`;
      throw new RequestError(409, "delivery_not_unknown", message, { details: { status: delivery.status } });
    },
  });
