import { type List, listOf } from "./page.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import type { PageQuery } from "./types.ts";

export type DeliveryStatus = "queued" | "sending" | "sent" | "delivered" | "read" | "failed" | "unknown";

/** The delivery of a reply, or of a part of it, to a platform. */
export interface Delivery {
  id: string;
  workspaceId: string;
  /** Null: a text to a person without access. */
  sessionId: string | null;
  /** Null: a text that belongs to no message, such as a text at a desk or to a person without access. */
  messageId: string | null;
  /** The handoff whose desk gets it. Null: the user gets it. */
  handoffId: string | null;
  /** The request for access whose sender reads this. Null for most deliveries. */
  accessRequestId: string | null;
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
  /** True if the platform's answer to an earlier attempt was lost, so the user may have received it twice. */
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

/** Deliveries to send again. All filters apply. */
export interface RetryDeliveries {
  /** Default: `failed`. A delivery of unknown outcome may arrive twice. */
  status?: "failed" | "unknown";
  sessionId?: string;
  channel?: string;
  errorCode?: string;
  /** Created at this time or later: RFC 3339. */
  since?: string;
  /** Created before this time: RFC 3339. */
  until?: string;
}

export interface RetriedDeliveries {
  dryRun: boolean;
  /** Number of deliveries that match. */
  matched: number;
  /** Number of deliveries that are due again; at most 1,000 with each call. */
  retried: number;
}

export type Deliveries = ReturnType<typeof createDeliveries>;

/** Deliveries to platforms and their results. */
export function createDeliveries(transport: Transport) {
  const path = (id: string, rest = "") => `/deliveries/${encodeURIComponent(id)}${rest}`;
  return {
    list: (query: ListDeliveries = {}, options?: RequestOptions): List<Delivery> =>
      listOf(transport, { method: "GET", path: "/deliveries", query: { ...query } }, options),

    get: (id: string, options?: RequestOptions): Promise<Delivery> =>
      transport.request({ method: "GET", path: path(id) }, options),

    /** Sends a delivery again that failed or whose result is unknown. */
    retry: (id: string, options?: RequestOptions): Promise<Delivery> =>
      transport.request({ method: "POST", path: path(id, "/retry"), body: {} }, options),

    /** Sends many deliveries again, the oldest first. With `dryRun` it only counts them. */
    retryAll: (
      filter: RetryDeliveries,
      how: { dryRun?: boolean } = {},
      options?: RequestOptions,
    ): Promise<RetriedDeliveries> =>
      transport.request({ method: "POST", path: "/deliveries/retry", body: { filter, ...how } }, options),

    /** Records the result of a delivery whose result is unknown. */
    resolve: (
      id: string,
      outcome: { status: "sent" | "failed" },
      options?: RequestOptions,
    ): Promise<Delivery> =>
      transport.request({ method: "POST", path: path(id, "/resolve"), body: outcome }, options),
  };
}
