import { type List, listOf } from "./page.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import type { PageQuery } from "./types.ts";

export interface Channel {
  id: string;
  name: string;
  /** The platform: `telegram`, `slack`, `web`, … */
  kind: string;
  state: "ok" | "error" | "paused" | "disabled";
  lastInboundAt: string | null;
  lastOutboundAt: string | null;
  lastError: string | null;
  lastErrorAt: string | null;
  pausedUntil: string | null;
  createdAt: string;
}

export type Channels = ReturnType<typeof createChannels>;

/** The configured channels and their state. */
export function createChannels(transport: Transport) {
  return {
    list: (query: PageQuery = {}, options?: RequestOptions): List<Channel> =>
      listOf(transport, { method: "GET", path: "/channels", query: { ...query } }, options),
  };
}
