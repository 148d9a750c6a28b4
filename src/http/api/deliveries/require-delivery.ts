import { RequestError } from "../../../core/faults/errors.ts";
import type { PageRequest, Slice } from "../../../core/page.ts";
import type {
  DeliveryFilter,
  DeliveryView,
  RetryFilter,
} from "../../../delivery/delivery-queries-repository.ts";
import type { Caller, RouteReply } from "../route/route.ts";
import { deliverySchema, presentDelivery } from "./delivery-resource.ts";

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

export const DELIVERY_NOT_FOUND = {
  status: 404,
  code: "delivery_not_found",
  when: "there is no such delivery",
} as const;

export const THE_DELIVERY = [{ status: 200, description: "The delivery", schema: deliverySchema }] as const;

/** The delivery with an id. Throws a 404 if the workspace has none. */
export async function requireDelivery(
  { deliveries }: DeliveryRoutesDeps,
  caller: Caller,
  id: string,
): Promise<DeliveryView> {
  const delivery = await deliveries.get(caller.workspaceId, id);
  if (delivery) return delivery;
  throw new RequestError(404, "delivery_not_found", `There is no delivery ${id} here.`);
}

/** The reply with one delivery. */
export function deliveryReply(delivery: DeliveryView): RouteReply {
  return { status: 200, body: presentDelivery(delivery) };
}
