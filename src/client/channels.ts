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

/** The result of a check of a channel. `ok` is false where something does not work. */
export interface ChannelCheck {
  ok: boolean;
  findings: {
    /** The setting: `channels.telegram.token`. */
    where: string;
    severity: "ok" | "warning" | "error";
    what: string;
    /** The advised action; null: none is needed. */
    fix: string | null;
  }[];
}

export type Channels = ReturnType<typeof createChannels>;

/** The configured channels and their state. */
export function createChannels(transport: Transport) {
  return {
    list: (query: PageQuery = {}, options?: RequestOptions): List<Channel> =>
      listOf(transport, { method: "GET", path: "/channels", query: { ...query } }, options),

    /** Asks the platform now what `causeway doctor` asks it, and says what to fix. Takes an id or a name. */
    check: (id: string, options?: RequestOptions): Promise<ChannelCheck> =>
      transport.request({ method: "GET", path: `/channels/${encodeURIComponent(id)}/check` }, options),
  };
}
