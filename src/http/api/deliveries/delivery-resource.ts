import { z } from "zod";
import type { DeliveryView } from "../../../delivery/delivery-queries-repository.ts";
import { idSchema, timestampSchema } from "../route/wire-schemas.ts";

export const DELIVERY_STATUSES = [
  "queued",
  "sending",
  "sent",
  "delivered",
  "read",
  "failed",
  "unknown",
] as const;

export const deliverySchema = z
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
    status: z.enum(DELIVERY_STATUSES).describe("`unknown`: sent, but the platform's answer was lost"),
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

/** A delivery as the API shows it. */
export function presentDelivery(delivery: DeliveryView) {
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
