import { type List, listOf } from "./page.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import type { PageQuery } from "./types.ts";

export type DeliveryStatus = "queued" | "sending" | "sent" | "delivered" | "read" | "failed" | "unknown";

/** One send of (a part of) a reply to a platform. */
export interface Delivery {
  id: string;
  workspaceId: string;
  sessionId: string;
  messageId: string;
  /** The channel's name. */
  channel: string;
  address: string;
  part: number;
  content: string;
  status: DeliveryStatus;
  attempts: number;
  nextAttemptAt: string | null;
  externalIds: string[];
  errorCode: string | null;
  error: string | null;
  /** The platform's answer to an earlier send was lost: the user may have got it twice. */
  possibleDuplicate: boolean;
  createdAt: string;
  updatedAt: string;
  sentAt: string | null;
}

export interface ListDeliveries extends PageQuery {
  sessionId?: string;
  channel?: string;
  status?: DeliveryStatus;
}

export type Deliveries = ReturnType<typeof createDeliveries>;

/** What was sent to platforms, and what became of it. */
export function createDeliveries(transport: Transport) {
  const path = (id: string, rest = "") => `/deliveries/${encodeURIComponent(id)}${rest}`;
  return {
    list: (query: ListDeliveries = {}, options?: RequestOptions): List<Delivery> =>
      listOf(transport, { method: "GET", path: "/deliveries", query: { ...query } }, options),

    get: (id: string, options?: RequestOptions): Promise<Delivery> =>
      transport.request({ method: "GET", path: path(id) }, options),

    /** Sends one again that failed or whose outcome is unknown. */
    retry: (id: string, options?: RequestOptions): Promise<Delivery> =>
      transport.request({ method: "POST", path: path(id, "/retry"), body: {} }, options),

    /** Records what you found out about one whose outcome is unknown. */
    resolve: (
      id: string,
      outcome: { status: "sent" | "failed" },
      options?: RequestOptions,
    ): Promise<Delivery> =>
      transport.request({ method: "POST", path: path(id, "/resolve"), body: outcome }, options),
  };
}
